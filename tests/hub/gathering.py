"""Pull requests and collections of the stand-in for the Hub."""

from typing import Any

from .messages import NAMESPACES, NOW, Answer, Request, refusal, told
from .repositories import PullRequest, Repository


def open_discussion(request: Request, repository: Repository, commit: str) -> Answer:
    return told({"num": repository.open_pull_request(request.json()["title"]).number})


def discussion(request: Request, repository: Repository, commit: str) -> Answer:
    pull_request = repository.pull_requests[int(request.parts["number"]) - 1]
    return told(_discussion(repository, pull_request))


def _discussion(repository: Repository, pull_request: PullRequest) -> dict[str, Any]:
    return {
        "title": pull_request.title,
        "num": pull_request.number,
        "author": {"name": "me"},
        "createdAt": NOW,
        "status": pull_request.status,
        "repo": {"name": repository.id, "type": repository.kind},
        "isPullRequest": True,
        "events": [],
        "changes": {"base": "refs/heads/main"},
        "filesWithConflicts": [],
        "diff": "",
    }


def discussion_status(request: Request, repository: Repository, commit: str) -> Answer:
    pull_request = repository.pull_requests[int(request.parts["number"]) - 1]
    pull_request.status = request.json()["status"]
    event = {"id": "0", "type": "status-change", "createdAt": NOW, "author": {"name": "me"}}
    return told({"newStatus": {**event, "data": {"status": pull_request.status}}})


def create_collection(request: Request) -> Answer:
    asked = request.json()
    if request.role != "write" or asked["namespace"] not in NAMESPACES:
        return refusal(403, None, f"You don't have the rights to create a collection under {asked['namespace']}")
    slug = f"{asked['namespace']}/{asked['title'].lower().replace(' ', '-')}-64f9a55bb3115b4f513ec026"
    if slug in request.hub.collections:
        return told({"slug": slug, "error": "exists"}, 409)
    about = {"slug": slug, "title": asked["title"], "owner": asked["namespace"], "private": asked["private"]}
    request.hub.collections[slug] = {
        **about,
        "description": asked.get("description"),
        "items": [],
        "lastUpdated": NOW,
        "position": 0,
        "theme": "indigo",
        "upvotes": 0,
    }
    return told(request.hub.collections[slug])


def collection(request: Request) -> Answer:
    found = request.hub.collections.get(request.parts["slug"])
    return told(found) if found else refusal(404, None, "Collection not found")


def add_to_collection(request: Request) -> Answer:
    asked = request.json()
    kind, name = asked["item"]["type"], asked["item"]["id"]
    items = request.hub.collections[request.parts["slug"]]["items"]
    if kind != "paper" and (kind, name) not in request.hub.repositories:
        return refusal(404, "RepoNotFound", f"{kind} {name} not found")
    if any((item["type"], item["id"]) == (kind, name) for item in items):
        return refusal(409, None, "item exists")
    note = {"note": {"text": asked["note"]}} if "note" in asked else {}
    items.append({"_id": str(len(items)), "id": name, "type": kind, "position": len(items), **note})
    return told(request.hub.collections[request.parts["slug"]])

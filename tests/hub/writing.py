"""How files come to the stand-in for the Hub: repositories, LFS, commits, branches and tags."""

import base64
import json
from typing import TYPE_CHECKING, Any

import yaml

from .messages import NAMESPACES, Answer, Request, prefix, refusal, told
from .repositories import File, Repository

if TYPE_CHECKING:
    from .stand_in import StandIn


def create(request: Request) -> Answer:
    asked = request.json()
    namespace, kind = asked["organization"] or "me", asked.get("type", "model")
    if request.role != "write" or namespace not in NAMESPACES:
        return refusal(403, None, f"You don't have the rights to create a {kind} under the namespace {namespace}")
    repo_id = f"{namespace}/{asked['name']}"
    answer = {"url": f"{request.hub.url}/{prefix(kind)}{repo_id}", "name": repo_id, "id": repo_id}
    if (kind, repo_id) in request.hub.repositories:
        return told({**answer, "error": "You already created this repo"}, 409)
    private = asked.get("visibility") == "private"
    request.hub.repositories[kind, repo_id] = Repository(kind, repo_id, private, asked.get("sdk"))
    return told(answer)


def validate_yaml(request: Request) -> Answer:
    asked = request.json()
    try:
        _, front, _ = asked["content"].split("---\n", 2)
        metadata = yaml.safe_load(front)
    except (ValueError, yaml.YAMLError):
        metadata = None
    errors = [] if isinstance(metadata, dict) else [{"message": "metadata is missing or no YAML"}]
    if not errors and asked["repoType"] == "space" and "sdk" not in metadata:
        errors = [{"message": '"sdk" is required'}]
    return told({"errors": errors, "warnings": []}, 400 if errors else 200)


def preupload(request: Request, repository: Repository, commit: str) -> Answer:
    files = repository.commits[commit]
    modes = [
        {
            "path": asked["path"],
            "uploadMode": "lfs" if asked["size"] >= request.hub.lfs_from else "regular",
            "shouldIgnore": False,
            "oid": files[asked["path"]].etag if asked["path"] in files else None,
        }
        for asked in request.json()["files"]
    ]
    return told({"files": modes})


def lfs_batch(request: Request, repository: Repository, commit: str) -> Answer:
    return told(
        {"transfer": "basic", "objects": [_lfs_object(request.hub, asked) for asked in request.json()["objects"]]}
    )


def _lfs_object(hub: "StandIn", asked: dict[str, Any]) -> dict[str, Any]:
    oid, size = asked["oid"], asked["size"]
    if oid in hub.blobs:
        return {"oid": oid, "size": size}
    verify = {"href": f"{hub.url}/lfs/verify"}
    if hub.part_size is None or size <= hub.part_size:
        return {"oid": oid, "size": size, "actions": {"upload": {"href": f"{hub.url}/lfs/{oid}"}, "verify": verify}}
    count = -(-size // hub.part_size)
    parts = {str(number): f"{hub.url}/lfs/{oid}/{number}" for number in range(1, count + 1)}
    upload = {"href": f"{hub.url}/lfs/{oid}/complete", "header": {"chunk_size": str(hub.part_size), **parts}}
    return {"oid": oid, "size": size, "actions": {"upload": upload, "verify": verify}}


def lfs_put(request: Request) -> Answer:
    request.hub.blobs[request.parts["oid"]] = request.body
    return Answer(200)


def lfs_put_part(request: Request) -> Answer:
    number = int(request.parts["number"])
    request.hub.parts.setdefault(request.parts["oid"], {})[number] = request.body
    return Answer(200, headers={"ETag": f'"part-{number}"'})


def lfs_complete(request: Request) -> Answer:
    parts = request.hub.parts.pop(request.parts["oid"])
    numbers = [part["partNumber"] for part in request.json()["parts"]]
    request.hub.blobs[request.parts["oid"]] = b"".join(parts[number] for number in numbers)
    return told({})


def lfs_verify(request: Request) -> Answer:
    asked = request.json()
    content = request.hub.blobs.get(asked["oid"])
    is_whole = content is not None and File(content, True).sha256 == asked["oid"] and len(content) == asked["size"]
    return told({}) if is_whole else refusal(422, None, "the file is not what it should be")


def commit_files(request: Request, repository: Repository, commit: str) -> Answer:
    lines = [json.loads(line) for line in request.body.splitlines()]
    header = next(line["value"] for line in lines if line["key"] == "header")
    files = dict(repository.commits[commit])
    for line in lines:
        refused = _apply(request.hub, files, line["key"], line["value"])
        if refused:
            return refused
    branch = request.parts["revision"]
    if branch not in repository.branches:
        return refusal(400, None, f"{branch} is no branch")
    oid = repository.commit(branch, header["summary"], files)
    url = f"{request.hub.url}/{prefix(repository.kind)}{repository.id}/commit/{oid}"
    return told({"commitUrl": url, "commitOid": oid, "pullRequestUrl": None})


def _apply(hub: "StandIn", files: dict[str, File], key: str, value: dict[str, Any]) -> Answer | None:
    """Change a tree by a line of a commit."""
    if key == "file":
        files[value["path"]] = File(base64.b64decode(value["content"]), False)
    elif key == "lfsFile":
        if value["oid"] not in hub.blobs:
            return refusal(400, None, f"{value['path']} was not uploaded")
        files[value["path"]] = File(hub.blobs[value["oid"]], True)
    elif key == "deletedFile" and files.pop(value["path"], None) is None:
        return refusal(404, "EntryNotFound", "A file with this name doesn't exist")
    return None


def branch(request: Request, repository: Repository, commit: str) -> Answer:
    if request.parts["name"] in repository.branches:
        return refusal(409, None, "Reference already exists")
    repository.branches[request.parts["name"]] = repository.branches["main"]
    return told({})


def tag(request: Request, repository: Repository, commit: str) -> Answer:
    name = request.json()["tag"]
    if name in repository.tags:
        return refusal(409, None, "Tag already exists")
    repository.tags[name] = commit
    return told({})

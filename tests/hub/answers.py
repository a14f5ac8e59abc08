"""What the stand-in for the Hub answers, a function for each address."""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import yaml

from .repositories import File, PullRequest, Repository, entry

if TYPE_CHECKING:
    from .stand_in import StandIn

NOW = datetime(2026, 1, 1, tzinfo=UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
NAMESPACES = ("me", "team")
"""Where the user ``me`` may write."""


@dataclass(frozen=True)
class Answer:
    """Status, content and headers."""

    status: int
    content: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Request:
    """A request whose address was understood.

    ``parts`` are the named parts of the address, ``role`` what the token allows (``None``: there is none).
    """

    hub: "StandIn"
    parts: dict[str, str]
    query: str
    headers: Mapping[str, str]
    body: bytes
    role: str | None

    def json(self) -> Any:
        """The body."""
        return json.loads(self.body)

    def asks(self, name: str) -> bool:
        """Whether an option of the address is on."""
        return parse_qs(self.query).get(name, [""])[0].lower() in ("1", "true")


def refusal(status: int, code: str | None, message: str) -> Answer:
    """An error as the Hub words it."""
    headers = {"X-Error-Message": message} | ({"X-Error-Code": code} if code else {})
    return Answer(status, json.dumps({"error": message}).encode(), headers)


def told(content: Any, status: int = 200, **headers: str) -> Answer:
    """JSON."""
    return Answer(status, json.dumps(content).encode(), {"Content-Type": "application/json", **headers})


def whoami(request: Request) -> Answer:
    if request.role is None:
        return refusal(401, None, "Invalid username or password.")
    token = {"displayName": "test", "role": request.role}
    return told({"name": "me", "type": "user", "orgs": [{"name": "team"}], "auth": {"accessToken": token}})


def create(request: Request) -> Answer:
    asked = request.json()
    namespace, kind = asked["organization"] or "me", asked.get("type", "model")
    if request.role != "write" or namespace not in NAMESPACES:
        return refusal(403, None, f"You don't have the rights to create a {kind} under the namespace {namespace}")
    repo_id = f"{namespace}/{asked['name']}"
    answer = {"url": f"{request.hub.url}/{_prefix(kind)}{repo_id}", "name": repo_id, "id": repo_id}
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


def info(request: Request, repository: Repository, commit: str) -> Answer:
    return told(repository.info(commit))


def tree(request: Request, repository: Repository, commit: str) -> Answer:
    folder = request.parts["path"].strip("/")
    entries = repository.entries(commit, folder, request.asks("recursive"))
    if folder and not entries:
        return refusal(404, "EntryNotFound", f"{folder} does not exist")
    return told(entries)


def paths_info(request: Request, repository: Repository, commit: str) -> Answer:
    is_json = "json" in request.headers.get("Content-Type", "")
    paths = request.json()["paths"] if is_json else parse_qs(request.body.decode()).get("paths", [])
    files = repository.commits[commit]
    return told([entry(path, files[path]) for path in paths if path in files])


def refs(request: Request, repository: Repository, commit: str) -> Answer:
    def listed(names: Mapping[str, str], ref: str) -> list[dict[str, str]]:
        return [{"name": name, "ref": ref + name, "targetCommit": target} for name, target in names.items()]

    branches = {name: target for name, target in repository.branches.items() if not name.startswith("refs/")}
    return told(
        {"branches": listed(branches, "refs/heads/"), "converts": [], "tags": listed(repository.tags, "refs/tags/")}
    )


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
    url = f"{request.hub.url}/{_prefix(repository.kind)}{repository.id}/commit/{oid}"
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


def resolve(request: Request, repository: Repository, commit: str) -> Answer:
    file = repository.commits[commit].get(request.parts["path"])
    headers = {"X-Repo-Commit": commit}
    if file is None:
        refused = refusal(404, "EntryNotFound", "Entry not found")
        return Answer(404, refused.content, {**refused.headers, **headers})
    headers |= {"ETag": f'"{file.oid}"', "Accept-Ranges": "bytes"}
    if file.lfs:
        headers |= {"X-Linked-ETag": f'"{file.sha256}"', "X-Linked-Size": str(len(file.content))}
    if asked := request.headers.get("Range"):
        first, _, last = asked.removeprefix("bytes=").partition("-")
        end = int(last) + 1 if last else len(file.content)
        content = file.content[int(first) : end]
        headers["Content-Range"] = f"bytes {first}-{int(first) + len(content) - 1}/{len(file.content)}"
        return Answer(206, content, headers)
    return Answer(200, file.content, headers)


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


def _prefix(kind: str) -> str:
    return "" if kind == "model" else f"{kind}s/"


def _in_repository(
    respond: Callable[[Request, Repository, str], Answer], writes: bool = False
) -> Callable[[Request], Answer]:
    """An answer about a revision of a repository that is there and that the token may see, or change."""

    def answer(request: Request) -> Answer:
        kind = (request.parts.get("kind") or "models").removesuffix("s")
        repository = request.hub.repositories.get((kind, request.parts["repo"]))
        if repository is None or (repository.private and request.role is None):
            return refusal(404 if request.role else 401, "RepoNotFound", "Repository not found")
        if writes and (request.role != "write" or repository.id.split("/")[0] not in NAMESPACES):
            return refusal(403, None, f"you may not write to {repository.id}")
        commit = repository.resolve(request.parts.get("revision") or "main")
        if commit is None:
            return refusal(404, "RevisionNotFound", f"Invalid rev id: {request.parts['revision']}")
        with request.hub.lock:
            return respond(request, repository, commit)

    return answer


_API = r"/api/(?P<kind>models|datasets|spaces)/(?P<repo>[^/]+/[^/]+)"
_PAGE = r"/(?:(?P<kind>datasets|spaces)/)?(?P<repo>[^/]+/[^/]+?)"
_REVISION, _PATH = r"(?P<revision>[^/]+)", r"(?P<path>.*)"
_SLUG, _NUMBER = r"(?P<slug>[^/]+/[^/]+)", r"(?P<number>\d+)"

ROUTES: list[tuple[tuple[str, ...], str, Callable[[Request], Answer]]] = [
    (("GET",), "/api/whoami-v2", whoami),
    (("POST",), "/api/repos/create", create),
    (("POST",), "/api/validate-yaml", validate_yaml),
    (("GET",), _API, _in_repository(info)),
    (("GET",), f"{_API}/revision/{_REVISION}", _in_repository(info)),
    (("GET",), f"{_API}/tree/{_REVISION}{_PATH}", _in_repository(tree)),
    (("POST",), f"{_API}/paths-info/{_REVISION}", _in_repository(paths_info)),
    (("GET",), f"{_API}/refs", _in_repository(refs)),
    (("POST",), f"{_API}/preupload/{_REVISION}", _in_repository(preupload, writes=True)),
    (("POST",), f"{_API}/commit/{_REVISION}", _in_repository(commit_files, writes=True)),
    (("POST",), f"{_API}/branch/(?P<name>[^/]+)", _in_repository(branch, writes=True)),
    (("POST",), f"{_API}/tag/{_REVISION}", _in_repository(tag, writes=True)),
    (("POST",), f"{_API}/discussions", _in_repository(open_discussion, writes=True)),
    (("GET",), f"{_API}/discussions/{_NUMBER}", _in_repository(discussion)),
    (("POST",), f"{_API}/discussions/{_NUMBER}/status", _in_repository(discussion_status, writes=True)),
    (("POST",), f"{_PAGE}[.]git/info/lfs/objects/batch", _in_repository(lfs_batch, writes=True)),
    (("POST",), "/lfs/verify", lfs_verify),
    (("PUT",), "/lfs/(?P<oid>[^/]+)", lfs_put),
    (("PUT",), f"/lfs/(?P<oid>[^/]+)/{_NUMBER}", lfs_put_part),
    (("POST",), "/lfs/(?P<oid>[^/]+)/complete", lfs_complete),
    (("GET", "HEAD"), f"{_PAGE}/resolve/{_REVISION}/{_PATH}", _in_repository(resolve)),
    (("POST",), "/api/collections", create_collection),
    (("GET",), f"/api/collections/{_SLUG}", collection),
    (("POST",), f"/api/collections/{_SLUG}/items", add_to_collection),
]
"""Methods, pattern of the address, and who answers."""

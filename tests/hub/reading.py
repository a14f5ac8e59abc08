"""What the stand-in for the Hub tells: who asks, what is in a repository, and its files."""

from collections.abc import Mapping
from urllib.parse import parse_qs

from .messages import Answer, Request, refusal, told
from .repositories import Repository, entry


def whoami(request: Request) -> Answer:
    if request.role is None:
        return refusal(401, None, "Invalid username or password.")
    token = {"displayName": "test", "role": request.role}
    return told({"name": "me", "type": "user", "orgs": [{"name": "team"}], "auth": {"accessToken": token}})


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

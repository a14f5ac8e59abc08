"""Which function of the stand-in for the Hub answers at which address."""

from collections.abc import Callable

from . import gathering, reading, writing
from .messages import NAMESPACES, Answer, Request, refusal
from .repositories import Repository


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
    (("GET",), "/api/whoami-v2", reading.whoami),
    (("POST",), "/api/repos/create", writing.create),
    (("POST",), "/api/validate-yaml", writing.validate_yaml),
    (("GET",), _API, _in_repository(reading.info)),
    (("GET",), f"{_API}/revision/{_REVISION}", _in_repository(reading.info)),
    (("GET",), f"{_API}/tree/{_REVISION}{_PATH}", _in_repository(reading.tree)),
    (("POST",), f"{_API}/paths-info/{_REVISION}", _in_repository(reading.paths_info)),
    (("GET",), f"{_API}/refs", _in_repository(reading.refs)),
    (("POST",), f"{_API}/preupload/{_REVISION}", _in_repository(writing.preupload, writes=True)),
    (("POST",), f"{_API}/commit/{_REVISION}", _in_repository(writing.commit_files, writes=True)),
    (("POST",), f"{_API}/branch/(?P<name>[^/]+)", _in_repository(writing.branch, writes=True)),
    (("POST",), f"{_API}/tag/{_REVISION}", _in_repository(writing.tag, writes=True)),
    (("POST",), f"{_API}/discussions", _in_repository(gathering.open_discussion, writes=True)),
    (("GET",), f"{_API}/discussions/{_NUMBER}", _in_repository(gathering.discussion)),
    (("POST",), f"{_API}/discussions/{_NUMBER}/status", _in_repository(gathering.discussion_status, writes=True)),
    (("POST",), f"{_PAGE}[.]git/info/lfs/objects/batch", _in_repository(writing.lfs_batch, writes=True)),
    (("POST",), "/lfs/verify", writing.lfs_verify),
    (("PUT",), "/lfs/(?P<oid>[^/]+)", writing.lfs_put),
    (("PUT",), f"/lfs/(?P<oid>[^/]+)/{_NUMBER}", writing.lfs_put_part),
    (("POST",), "/lfs/(?P<oid>[^/]+)/complete", writing.lfs_complete),
    (("GET", "HEAD"), f"{_PAGE}/resolve/{_REVISION}/{_PATH}", _in_repository(reading.resolve)),
    (("POST",), "/api/collections", gathering.create_collection),
    (("GET",), f"/api/collections/{_SLUG}", gathering.collection),
    (("POST",), f"/api/collections/{_SLUG}/items", gathering.add_to_collection),
]
"""Methods, pattern of the address, and who answers."""

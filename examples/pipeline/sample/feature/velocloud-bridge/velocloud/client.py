"""The API of the VeloCloud orchestrator."""
from automation_utils.backoff import Backoff, retry, retry_after
from automation_utils.replies import Reply

LINKS = "/portal/rest/monitoring/getEnterpriseEdgeLinkStatus"


class Client:
    """Asks the orchestrator through post(path, body, headers), which returns
    a status, the headers and a decoded body.

    What fails on the orchestrator's side, or is too much for it at the
    moment (429), is tried again as backoff says.
    """

    def __init__(self, post, token: str, backoff: Backoff = Backoff()):
        self._post = post
        self._headers = {"Authorization": f"Token {token}"}
        self._backoff = backoff

    async def links(self, enterprise_id: int) -> Reply:
        """The links of an enterprise with the edges that they belong to."""

        async def attempt():
            return await self._post(
                LINKS, {"enterpriseId": enterprise_id}, self._headers)

        status, _, body = await retry(
            attempt, failed=lambda r: r[0] == 429 or r[0] >= 500,
            asked=lambda r: retry_after(r[1]), backoff=self._backoff)
        return Reply(status, body)

"""The API of the VeloCloud orchestrator."""
from automation_utils.replies import Reply

from velocloud.retry import retry

LINKS = "/portal/rest/monitoring/getEnterpriseEdgeLinkStatus"


class Client:
    """Asks the orchestrator through post(path, body, headers), which returns
    a status, the headers and a decoded body."""

    def __init__(self, post, token: str):
        self._post = post
        self._headers = {"Authorization": f"Token {token}"}

    async def links(self, enterprise_id: int) -> Reply:
        """The links of an enterprise with the edges that they belong to."""

        async def attempt():
            return await self._post(
                LINKS, {"enterpriseId": enterprise_id}, self._headers)

        status, _, body = await retry(attempt, lambda r: r[0] >= 500)
        return Reply(status, body)

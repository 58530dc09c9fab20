"""Messages by mail."""
from email.message import EmailMessage


class Email:
    def __init__(self, sender: str, connect):
        self._sender = sender
        self._connect = connect

    def send(self, message: dict) -> None:
        mail = EmailMessage()
        mail["From"] = self._sender
        mail["To"] = ", ".join(message["recipients"])
        mail["Subject"] = message["subject"]
        mail.set_content(message["text"])
        if message.get("html"):
            mail.add_alternative(message["html"], subtype="html")
        for attachment in message.get("attachments", []):
            mail.add_attachment(attachment["data"].encode(),
                                maintype="text", subtype="csv",
                                filename=attachment["name"])
        with self._connect() as smtp:
            smtp.send_message(mail)

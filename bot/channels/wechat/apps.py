"""The WeChat channel as a Django application."""

from django.apps import AppConfig


class WechatConfig(AppConfig):
    """What has to outlive a process: messages in work, who left, how far a long message got."""

    name = "bot.channels.wechat"
    label = "wechat"

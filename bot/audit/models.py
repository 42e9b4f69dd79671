"""The log of changes: rows are added, never changed and never deleted."""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn

from django.conf import settings
from django.db import models

from bot.audit.errors import AppendOnly

_REFUSED = "the audit log is only added to"


class AuditAction(models.TextChoices):
    """What was done; what stands before the point is the area by which the page filters."""

    ACCOUNT_ADD = "account.add", "建账号"
    ACCOUNT_CHANGE = "account.change", "改名字或联系方式"
    ACCOUNT_ON = "account.on", "启用账号"
    ACCOUNT_OFF = "account.off", "停用账号"
    ACCOUNT_PASSWORD = "account.password", "换了别人的密码"
    ACCOUNT_UNLOCK = "account.unlock", "解开登录锁"
    ACCOUNT_CODE_RESET = "account.code_reset", "解除别人的动态码"
    SELF_SIGN_IN = "self.sign_in", "登录"
    SELF_LOCKED = "self.locked", "密码错太多次，锁住了"
    SELF_PASSWORD = "self.password", "改自己的密码"
    SELF_CODE = "self.code", "绑定动态码"
    ROLE_GIVE = "role.give", "给岗位"
    ROLE_WITHDRAW = "role.withdraw", "收回岗位"
    SHIFT_ADD = "shift.add", "加班次或休息"
    SHIFT_REMOVE = "shift.remove", "删班次或休息"
    PLACE_ADD = "place.add", "加社区或小区"
    PLACE_CHANGE = "place.change", "改社区或小区"
    PLACE_DELETE = "place.delete", "删社区或小区"
    PLACE_IMPORT = "place.import", "导入社区小区表"
    KNOWLEDGE_CREATE = "knowledge.create", "新写一条知识"
    KNOWLEDGE_EDIT = "knowledge.edit", "改知识"
    KNOWLEDGE_SUBMIT = "knowledge.submit", "送审"
    KNOWLEDGE_WITHDRAW = "knowledge.withdraw", "撤回"
    KNOWLEDGE_APPROVE = "knowledge.approve", "审核通过"
    KNOWLEDGE_REJECT = "knowledge.reject", "审核退回"
    KNOWLEDGE_PUBLISH = "knowledge.publish", "发布"
    KNOWLEDGE_FAIL = "knowledge.fail", "没能发布"
    KNOWLEDGE_RETIRE = "knowledge.retire", "停用一条知识"
    KNOWLEDGE_VERIFY = "knowledge.verify", "核实"
    KNOWLEDGE_ROLL_BACK = "knowledge.roll_back", "恢复旧版"
    KNOWLEDGE_IMPORT = "knowledge.import", "导入知识表"
    KNOWLEDGE_UNANSWERED = "knowledge.unanswered", "处理没答好的问题"
    QUESTION_SET = "question.set", "改题库"
    QUESTION_GATE = "question.gate", "改发布前必过"
    QUESTION_CHANGE = "question.change", "改题目"
    WORD_CHANGE = "word.change", "改本地说法"
    PROMPT_CHANGE = "prompt.change", "换电话录音"
    SETTING_CHANGE = "setting.change", "改设置"
    EXPORT = "export.file", "导出文件"


AREAS = {
    "account": "账号",
    "self": "登录和密码",
    "role": "岗位",
    "shift": "班次",
    "place": "社区小区",
    "knowledge": "知识",
    "question": "题库",
    "word": "本地说法",
    "prompt": "电话录音",
    "setting": "设置",
    "export": "导出",
}


class AuditRows(models.QuerySet["AuditEntry"]):
    """Rows that can be read and added to."""

    def update(self, **kwargs: Any) -> NoReturn:
        """Raise AppendOnly."""
        raise AppendOnly(_REFUSED)

    def delete(self) -> NoReturn:
        """Raise AppendOnly."""
        raise AppendOnly(_REFUSED)

    def bulk_update(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Raise AppendOnly."""
        raise AppendOnly(_REFUSED)


class AuditEntry(models.Model):
    """Something that was changed. ``actor`` is empty for the terminal and the service itself.

    ``what`` names the thing, ``detail`` says how it was changed: no secrets, nothing of residents.
    """

    at = models.DateTimeField(db_index=True)
    action = models.CharField(max_length=30, db_index=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    what = models.CharField(max_length=120)
    detail = models.TextField(blank=True)

    objects = AuditRows.as_manager()

    class Meta:
        """The newest first."""

        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.action} {self.what}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store a new row; raises AppendOnly for one that is there."""
        if self.pk is not None:
            raise AppendOnly(_REFUSED)
        super().save(*args, **{**kwargs, "force_insert": True})

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Raise AppendOnly."""
        raise AppendOnly(_REFUSED)

    @property
    def action_label(self) -> str:
        """What was done, in words."""
        known = self.action in AuditAction.values
        return str(AuditAction(self.action).label) if known else self.action

"""Why a picture is not taken, in words for whoever sent it, and what helps."""

from __future__ import annotations

NOT_A_PICTURE = "这个不像是照片，我打不开。请发手机拍的照片或者截图。"
HEIC = "这张是 HEIC 格式的，我打不开。您对着它截个图，把截图发来就行。"
BROKEN = "这张照片没传完整，麻烦再发一次。"
TOO_LARGE = "这张照片太大了，要在10兆以内。您对着它截个图，把截图发来就行。"
TOO_MANY_PIXELS = "这张照片尺寸太大了。您对着它截个图，把截图发来就行。"
TOO_MANY = "您今天发的照片够多了，先说说是什么事，照片够用了。"
EMPTY = "照片是空的，麻烦再发一次。"

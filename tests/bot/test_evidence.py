"""Pictures and signatures: made anew, kept encrypted, attached once, looked at under one's name."""

from __future__ import annotations

import io
import os
import stat
import struct
import zlib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as trying
from hypothesis import strategies as st
from PIL import Image

from bot import clock
from bot.accounts.models import Staff
from bot.casework.models import PersonalLook
from bot.encryption import Undecipherable
from bot.evidence import phrases, services, vault
from bot.evidence.errors import EvidenceLost, NoSuchUpload, TooLarge, TooMany, UploadRefused
from bot.evidence.models import Upload
from bot.evidence.pictures import JPEG, LARGEST_BYTES, LONGEST_SIDE, PNG, picture_from
from bot.evidence.selectors import (
    are_uploads_of,
    upload_bytes,
    upload_of,
    uploads_of_case,
    uploads_waiting,
)
from bot.evidence.services import (
    upload_look,
    upload_take,
    uploads_attach,
    uploads_forget,
    uploads_sweep,
)
from tests.people import OFFICE
from tests.photos import BLUE, CAMERA, RED, is_like, photo, seen

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=OFFICE)
WANG, LI = "sender-wang", "sender-li"
CASE, OTHER_CASE = "2611230047", "2611230048"
SMALL_PHOTO = photo((40, 30))


@pytest.fixture
def folder(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An evidence folder of the test's own, and a clock that stands still."""
    settings.EVIDENCE_DIR = tmp_path / "evidence"
    settings.FIELD_KEYS = "k" * 32
    monkeypatch.setattr(clock, "now", lambda: NOW)
    return settings.EVIDENCE_DIR


def make_staff(name: str = "xiaoli") -> Staff:
    return Staff.objects.create(username=name, display_name=name)


# ---- what a picture becomes ----


def test_nothing_that_the_phone_wrote_into_a_picture_is_kept() -> None:
    sent = photo()
    assert CAMERA.encode() in sent
    kept = picture_from(sent)
    assert CAMERA.encode() not in kept.data
    image = seen(kept.data)
    assert dict(image.getexif()) == {}
    assert not {"exif", "comment", "icc_profile", "photoshop", "xmp"} & set(image.info)


def test_a_comment_and_a_colour_profile_go_too() -> None:
    sent = photo(comment=b"the door code is 4711", icc_profile=b"profile of SecretPhone")
    assert b"4711" in sent
    kept = picture_from(sent).data
    assert b"4711" not in kept
    assert b"SecretPhone" not in kept


def test_words_in_a_png_go_too() -> None:
    from PIL.PngImagePlugin import PngInfo

    words = PngInfo()
    words.add_text("Author", "王秀英 13900000000")
    kept = picture_from(photo(form="PNG", pnginfo=words), is_drawing=True)
    assert kept.content_type == PNG
    assert seen(kept.data).info.get("Author") is None


@pytest.mark.parametrize(
    ("orientation", "size", "corner"),
    [
        (1, (120, 80), RED),
        (3, (120, 80), BLUE),
        (6, (80, 120), RED),
        (8, (80, 120), BLUE),
    ],
)
def test_a_picture_is_turned_as_the_camera_was_held(
    orientation: int, size: tuple[int, int], corner: tuple[int, int, int]
) -> None:
    image = seen(picture_from(photo(orientation=orientation)).data)
    assert image.size == size
    assert is_like(image.getpixel((4, 4)), corner)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_each_form_that_is_taken_becomes_a_jpeg(form: str) -> None:
    kept = picture_from(photo(form=form))
    assert kept.content_type == JPEG
    assert kept.data.startswith(b"\xff\xd8\xff")
    image = seen(kept.data)
    assert is_like(image.getpixel((10, 40)), RED)
    assert is_like(image.getpixel((110, 40)), BLUE)


@pytest.mark.parametrize("mode", ["L", "LA", "P", "1", "CMYK", "RGBA"])
def test_pictures_of_any_colour_are_taken(mode: str) -> None:
    image = Image.new("RGB", (60, 40), RED).convert(mode)
    out = io.BytesIO()
    image.save(out, "JPEG" if mode == "CMYK" else "PNG")
    assert seen(picture_from(out.getvalue()).data).mode == "RGB"


def test_what_is_transparent_turns_white_not_black() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (30, 20), (0, 0, 0, 0)).save(out, "PNG")
    for is_drawing in (False, True):
        kept = seen(picture_from(out.getvalue(), is_drawing=is_drawing).data)
        assert is_like(kept.convert("RGB").getpixel((5, 5)), (255, 255, 255))


@pytest.mark.parametrize("size", [(4000, 1000), (1000, 4000), (2049, 2049)])
def test_a_large_picture_is_made_smaller_and_keeps_its_shape(size: tuple[int, int]) -> None:
    image = seen(picture_from(photo(size)).data)
    assert max(image.size) == LONGEST_SIDE
    assert image.width / image.height == pytest.approx(size[0] / size[1], rel=0.01)


def test_of_a_picture_in_several_the_first_is_taken() -> None:
    """Telephones put a smaller copy behind the picture (MPO)."""
    out = io.BytesIO()
    copy = Image.new("RGB", (20, 10), BLUE)
    Image.new("RGB", (60, 40), RED).save(out, "MPO", save_all=True, append_images=[copy])
    image = seen(picture_from(out.getvalue()).data)
    assert image.size == (60, 40)
    assert is_like(image.getpixel((5, 5)), RED)


def test_a_small_picture_keeps_its_size() -> None:
    assert seen(picture_from(photo((300, 200))).data).size == (300, 200)


# ---- what is not taken ----


def heic() -> bytes:
    return struct.pack(">I", 24) + b"ftypheic" + bytes(4) + b"mif1heic" + bytes(200)


def gif() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (20, 20), RED).save(out, "GIF")
    return out.getvalue()


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few hundred bytes that says it is enormous."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(bytes(1000)))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        (b"", phrases.EMPTY),
        ("我的身份证号".encode(), phrases.NOT_A_PICTURE),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", phrases.NOT_A_PICTURE),
        (b"%PDF-1.7 something", phrases.NOT_A_PICTURE),
        (gif(), phrases.NOT_A_PICTURE),
        (heic(), phrases.HEIC),
        (photo()[:-200], phrases.BROKEN),
        (photo(form="PNG")[:-40], phrases.BROKEN),
        (bomb(8000, 6000), phrases.TOO_MANY_PIXELS),
        (bomb(60_000, 60_000), phrases.TOO_MANY_PIXELS),
        (SMALL_PHOTO + bytes(LARGEST_BYTES), phrases.TOO_LARGE),
    ],
    ids=[
        "nothing",
        "words",
        "svg",
        "pdf",
        "gif",
        "heic",
        "half",
        "half-png",
        "bomb",
        "huge",
        "heavy",
    ],
)
def test_what_is_not_taken_is_told_why(sent: bytes, sentence: str) -> None:
    with pytest.raises(UploadRefused) as refused:
        picture_from(sent)
    assert str(refused.value) == sentence


def test_the_type_is_told_by_the_content_not_by_what_comes_behind() -> None:
    page = b"<script>alert(1)</script>"
    kept = picture_from(SMALL_PHOTO + page)
    assert page not in kept.data


@given(data=st.data())
@trying(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_damaged_picture_is_refused_or_becomes_a_whole_one(data: Any) -> None:
    form = data.draw(st.sampled_from(["JPEG", "PNG", "WEBP"]))
    raw = bytearray(photo((64, 48), form))
    for _ in range(data.draw(st.integers(1, 8))):
        place = data.draw(st.integers(0, len(raw) - 1))
        raw[place] = data.draw(st.integers(0, 255))
    try:
        kept = picture_from(bytes(raw))
    except UploadRefused:
        return
    assert CAMERA.encode() not in kept.data
    assert seen(kept.data).format == "JPEG"


# ---- keeping ----


@pytest.mark.django_db
def test_a_picture_is_kept_encrypted_where_only_the_office_reads(folder: Path) -> None:
    upload = upload_take(photo(), owner=WANG)
    place = folder / upload.path
    assert place.name == f"{upload.upload_id}.bin"
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert place.read_bytes().startswith(b"fernet:")
    assert b"\xff\xd8\xff" not in place.read_bytes()
    data = upload_bytes(upload)
    assert seen(data).size == (120, 80)
    assert (upload.content_type, upload.size_bytes) == (JPEG, len(data))
    assert (upload.owner, upload.number, upload.created_at) == (WANG, "", NOW)
    assert [path.name for path in folder.rglob("*") if path.is_file()] == [place.name]


@pytest.mark.django_db
def test_another_key_reads_nothing(folder: Path, settings: Any) -> None:
    upload = upload_take(photo(), owner=WANG)
    settings.FIELD_KEYS = "x" * 32
    with pytest.raises(Undecipherable):
        upload_bytes(upload)


@pytest.mark.django_db
def test_a_signature_is_kept_as_it_was_drawn(folder: Path) -> None:
    clerk = make_staff()
    upload = upload_take(photo(form="PNG"), staff=clerk, kind=Upload.Kind.SIGNATURE)
    assert upload.content_type == PNG
    assert seen(upload_bytes(upload)).getpixel((0, 0)) == RED
    assert (upload.staff, upload.owner) == (clerk, "")


@pytest.mark.django_db
def test_a_refused_file_leaves_nothing_behind(folder: Path) -> None:
    with pytest.raises(UploadRefused):
        upload_take(heic(), owner=WANG)
    with pytest.raises(TooLarge):
        upload_take(bytes(LARGEST_BYTES + 1), owner=WANG)
    assert not Upload.objects.exists()
    assert not list(folder.rglob("*.bin"))


@pytest.mark.django_db
def test_a_file_put_in_the_place_of_another_is_noticed(folder: Path) -> None:
    one, two = upload_take(photo(), owner=WANG), upload_take(photo((90, 60)), owner=LI)
    (folder / one.path).write_bytes((folder / two.path).read_bytes())
    with pytest.raises(EvidenceLost):
        upload_bytes(one)
    (folder / two.path).unlink()
    with pytest.raises(EvidenceLost):
        upload_bytes(two)


@pytest.mark.django_db
@pytest.mark.usefixtures("folder")
def test_a_file_comes_from_a_resident_or_from_staff() -> None:
    with pytest.raises(ValueError, match="an owner or a member of staff"):
        upload_take(SMALL_PHOTO)
    with pytest.raises(ValueError, match="an owner or a member of staff"):
        upload_take(SMALL_PHOTO, owner=WANG, staff=make_staff())


@pytest.mark.django_db
@pytest.mark.usefixtures("folder")
def test_nobody_fills_the_disk_with_pictures_of_no_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "MOST_WAITING", 2)
    first = upload_take(SMALL_PHOTO, owner=WANG)
    upload_take(SMALL_PHOTO, owner=WANG)
    with pytest.raises(TooMany):
        upload_take(SMALL_PHOTO, owner=WANG)
    upload_take(SMALL_PHOTO, owner=LI)
    uploads_attach([first.upload_id], CASE, WANG)
    upload_take(SMALL_PHOTO, owner=WANG)


# ---- attaching ----


@pytest.mark.django_db
@pytest.mark.usefixtures("folder")
def test_uploads_are_attached_in_order_and_again_is_harmless() -> None:
    ids = [upload_take(SMALL_PHOTO, owner=WANG).upload_id for _ in range(3)]
    for _ in range(2):
        attached = uploads_attach([ids[2], ids[0], ids[2]], CASE, WANG)
        assert [(one.upload_id, one.number) for one in attached] == [
            (ids[2], CASE),
            (ids[0], CASE),
        ]
    assert [one.upload_id for one in uploads_of_case(CASE)] == [ids[0], ids[2]]
    assert uploads_waiting(WANG, ids) == (ids[1],)


@pytest.mark.django_db
@pytest.mark.usefixtures("folder")
def test_nothing_is_attached_if_one_is_not_hers_is_gone_or_is_another_cases() -> None:
    own = upload_take(SMALL_PHOTO, owner=WANG).upload_id
    foreign = upload_take(SMALL_PHOTO, owner=LI).upload_id
    used = upload_take(SMALL_PHOTO, owner=WANG).upload_id
    uploads_attach([used], OTHER_CASE, WANG)
    for bad in (foreign, used, "0" * 32, ""):
        with pytest.raises(NoSuchUpload):
            uploads_attach([own, bad], CASE, WANG)
    assert uploads_of_case(CASE) == []
    assert [one.upload_id for one in uploads_of_case(OTHER_CASE)] == [used]


@pytest.mark.django_db
@pytest.mark.usefixtures("folder")
def test_staff_attach_what_they_sent_themselves() -> None:
    li, wang = make_staff("li"), make_staff("wang")
    ids = [upload_take(SMALL_PHOTO, staff=one).upload_id for one in (li, wang)]
    with pytest.raises(NoSuchUpload):
        uploads_attach(ids, CASE, staff=li)
    with pytest.raises(ValueError, match="an owner or a member of staff"):
        uploads_attach(ids, CASE)
    assert [one.staff for one in uploads_attach(ids[:1], CASE, staff=li)] == [li]


@pytest.mark.django_db
@pytest.mark.usefixtures("folder")
def test_a_sender_finds_her_own_uploads_only() -> None:
    own, foreign = (upload_take(SMALL_PHOTO, owner=who) for who in (WANG, LI))
    staff = upload_take(SMALL_PHOTO, staff=make_staff())
    assert upload_of(WANG, own.upload_id) == own
    assert upload_of(WANG, foreign.upload_id) is None
    assert upload_of("", staff.upload_id) is None
    assert are_uploads_of(WANG, [own.upload_id, own.upload_id])
    assert not are_uploads_of(WANG, [own.upload_id, foreign.upload_id])
    assert uploads_waiting(WANG, [foreign.upload_id, own.upload_id]) == (own.upload_id,)
    assert uploads_of_case("") == []


# ---- looking ----


@pytest.mark.django_db
@pytest.mark.usefixtures("folder")
def test_every_look_of_staff_is_noted_with_the_case() -> None:
    clerk = make_staff()
    upload = upload_take(photo(), owner=WANG)
    [attached] = uploads_attach([upload.upload_id], CASE, WANG)
    for _ in range(2):
        assert upload_look(attached, clerk) == upload_bytes(upload)
    looks = PersonalLook.objects.values_list("staff", "number", "what", "looked_at")
    assert list(looks) == [(clerk.pk, CASE, "photo", NOW)] * 2


# ---- letting go ----


def age(place: Path, seconds: float) -> None:
    old = place.stat().st_mtime - seconds
    os.utime(place, (old, old))


@pytest.mark.django_db
def test_what_belongs_to_no_case_goes_after_a_day_row_and_file(folder: Path) -> None:
    orphan, kept = (upload_take(SMALL_PHOTO, owner=WANG) for _ in range(2))
    uploads_attach([kept.upload_id], CASE, WANG)
    assert uploads_sweep(NOW + timedelta(hours=23)) == 0
    assert uploads_sweep(NOW + timedelta(hours=25)) == 1
    assert list(Upload.objects.all()) == [kept]
    assert not (folder / orphan.path).exists()
    assert seen(upload_bytes(kept)).size == (40, 30)


@pytest.mark.django_db
def test_a_file_whose_row_was_never_written_goes_and_one_just_written_stays(folder: Path) -> None:
    kept = upload_take(SMALL_PHOTO, owner=WANG)
    for name in ("ab" * 16, "cd" * 16):
        vault.file_write(vault.path_for(name), b"killed before its row")
    draft = folder / "ab" / ".left.bin.4711"
    draft.write_bytes(b"killed while writing")
    for place in (folder / vault.path_for("ab" * 16), draft, folder / kept.path):
        age(place, services.ROWLESS_SECONDS + 60)
    assert uploads_sweep(NOW) == 2
    assert not (folder / vault.path_for("ab" * 16)).exists()
    assert not draft.exists()
    assert (folder / vault.path_for("cd" * 16)).exists()
    assert (folder / kept.path).exists()


@pytest.mark.django_db
@pytest.mark.usefixtures("folder")
def test_an_empty_folder_is_swept_without_trouble() -> None:
    assert uploads_sweep(NOW) == 0


@pytest.mark.django_db
def test_at_her_wish_goes_at_once_what_no_case_has(folder: Path) -> None:
    mine, hers, kept = (upload_take(SMALL_PHOTO, owner=who) for who in (WANG, LI, WANG))
    uploads_attach([kept.upload_id], CASE, WANG)
    assert uploads_forget(WANG) == 1
    assert uploads_forget(WANG) == 0
    assert uploads_forget("") == 0
    assert set(Upload.objects.all()) == {hers, kept}
    assert not (folder / mine.path).exists()

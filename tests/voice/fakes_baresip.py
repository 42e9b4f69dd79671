"""A real telephone, baresip, driven over its control port; and the measure of what it heard."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np

from tests.running import free_port
from voice.audio import wav_read

MODULES = ("/usr/lib/baresip/modules", "/usr/lib/x86_64-linux-gnu/baresip/modules")
NEEDED = ("g711", "aufile", "sndfile", "aubridge", "menu", "ctrl_tcp", "account")
READY_SECONDS = 15.0
STARTS = 3  # a port that was free may be taken before baresip binds it


def baresip_is_missing() -> str:
    """Why there is no baresip to call with, "" if there is."""
    if shutil.which("baresip") is None:
        return "baresip is not installed (Debian: baresip-core)"
    if not any(all((Path(m) / f"{name}.so").exists() for name in NEEDED) for m in MODULES):
        return "baresip lacks modules (Debian: baresip-core)"
    return ""


class BaresipEnded(AssertionError):
    """It ended before anybody could tell it anything."""


def free_udp_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Baresip:
    """One telephone that speaks ``sound`` (a WAV file) when it calls."""

    def __init__(self, folder: Path, process: asyncio.subprocess.Process) -> None:
        self.folder = folder
        self.events: list[dict[str, Any]] = []
        self._process = process
        self._news = asyncio.Event()
        self._reader: asyncio.Task[None] | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def connect(self, port: int) -> None:
        end = asyncio.get_running_loop().time() + READY_SECONDS
        while True:
            try:
                reader, self._writer = await asyncio.open_connection("127.0.0.1", port)
                break
            except OSError:
                assert asyncio.get_running_loop().time() < end, "baresip did not start"
                if self._process.returncode is not None:
                    log = (self.folder / "log.txt").read_text("utf-8", "replace")
                    raise BaresipEnded(f"{self._process.returncode}: {log[-1500:]}") from None
                await asyncio.sleep(0.1)
        self._reader = asyncio.create_task(self._read(reader))

    async def command(self, name: str, parameters: str = "") -> None:
        assert self._writer is not None
        text = json.dumps({"command": name, "params": parameters, "token": name})
        self._writer.write(f"{len(text)}:{text},".encode())
        await self._writer.drain()

    async def wait_for(self, kind: str, seconds: float = 15.0) -> dict[str, Any]:
        """Return the next event of this kind; those before it are used up."""

        async def found() -> dict[str, Any]:
            while True:
                while self.events:
                    event = self.events.pop(0)
                    if event.get("type") == kind:
                        return event
                self._news.clear()
                await self._news.wait()

        return await asyncio.wait_for(found(), seconds)

    async def stop(self) -> None:
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)
        if self._writer is not None:
            self._writer.close()
        if self._process.returncode is None:
            self._process.terminate()
            try:
                await asyncio.wait_for(self._process.wait(), 5)
            except asyncio.TimeoutError:
                self._process.kill()
                await self._process.wait()

    async def _read(self, reader: asyncio.StreamReader) -> None:
        while length := await reader.readuntil(b":"):
            body = await reader.readexactly(int(length[:-1]) + 1)
            self.events.append(json.loads(body[:-1]))
            self._news.set()


@asynccontextmanager
async def telephone(folder: Path, sound: Path, codecs: str = "PCMA") -> AsyncIterator[Baresip]:
    """Start baresip with a configuration of its own under ``folder``."""
    for start in range(1, STARTS + 1):
        control_port = _configure(folder, sound, codecs)
        with (folder / "log.txt").open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                "baresip", "-4", "-f", str(folder), "-v", "-s", stdout=log, stderr=log, cwd=folder
            )
        phone = Baresip(folder, process)
        try:
            await phone.connect(control_port)
        except BaresipEnded:
            if start == STARTS:
                raise
            continue
        except BaseException:
            await phone.stop()
            raise
        break
    try:
        yield phone
    finally:
        await phone.stop()


def _configure(folder: Path, sound: Path, codecs: str) -> int:
    """Write baresip's files; return the port at which it is told what to do."""
    modules = next(path for path in MODULES if Path(path).exists())
    sip_port, control_port = free_udp_port(), free_port()
    (folder / "config").write_text(
        "\n".join(
            [
                f"sip_listen 127.0.0.1:{sip_port}",
                f"ctrl_tcp_listen 127.0.0.1:{control_port}",
                f"audio_source aufile,{sound}",
                "audio_player aubridge,heard",
                "audio_alert aubridge,alert",
                "ausrc_srate 8000",
                "auplay_srate 8000",
                f"snd_path {folder}",
                "audio_path /nonexistent",
                "rtp_stats no",
                "net_interface 127.0.0.1",
                "dns_server 127.0.0.1:9",
                f"module_path {modules}",
                *(f"module {name}.so" for name in ("g711", "aufile", "sndfile", "aubridge")),
                *(f"module_app {name}.so" for name in ("account", "menu", "ctrl_tcp")),
                "",
            ]
        )
    )
    account = f"<sip:13800138000@127.0.0.1:{sip_port}>;regint=0;audio_codecs={codecs}/8000/1\n"
    (folder / "accounts").write_text(account)
    (folder / "contacts").write_text("")
    return control_port


def heard_by_telephone(folder: Path) -> np.ndarray:
    """What the telephone heard, at 8 kHz; it writes it down when it hangs up."""
    (path,) = folder.glob("dump-*-dec.wav")
    return np.frombuffer(wav_read(path), dtype="<i2").astype(float)


def snr_db(sent: np.ndarray, heard: np.ndarray) -> float:
    """How far the noise lies below ``sent`` within ``heard``, at the place where it fits best."""
    size = 1 << int(np.ceil(np.log2(len(sent) + len(heard))))
    spectrum = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(sent, size))
    at = int(np.argmax(np.fft.irfft(spectrum, size)[: len(heard)]))
    there = heard[at : at + len(sent)]
    sent = sent[: len(there)]
    noise = there - sent
    return float(10 * np.log10(np.mean(sent**2) / max(np.mean(noise**2), 1e-9)))


def chirp(seconds: float) -> np.ndarray:
    """A tone that climbs from 300 to 3000 Hz: fits itself at one place only."""
    at = np.arange(int(seconds * 8000)) / 8000
    phase = 2 * np.pi * (300 * at + (3000 - 300) / (2 * seconds) * at**2)
    return np.round(8000 * np.sin(phase))

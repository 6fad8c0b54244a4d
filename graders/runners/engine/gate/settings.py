"""What a container may be asked to be: every setting that is let through stands here, all others are refused.

https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerCreate
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from graders.runners.engine.gate.refusal import Refused

MEMORY_BYTES, PROCESSES, NANO_CPUS = 512 << 20, 256, 1_000_000_000
_LOG = {"Type": "json-file", "Config": {"max-size": "8m", "max-file": "1"}}
# Of the fourteen that the engine gives by default, what no service needs. https://docs.docker.com/engine/security/#linux-kernel-capabilities
_DROPPED = ["AUDIT_WRITE", "MKNOD", "NET_RAW", "SETFCAP", "SYS_CHROOT"]
_CONFIG = {
    "Hostname", "Domainname", "User", "AttachStdin", "AttachStdout", "AttachStderr", "ExposedPorts", "Tty", "OpenStdin",
    "StdinOnce", "Env", "Cmd", "Healthcheck", "ArgsEscaped", "Volumes", "WorkingDir", "Entrypoint", "Labels",
    "StopSignal", "StopTimeout", "Shell",
}  # fmt: skip
_HOST_CONFIG = {
    "AutoRemove", "ReadonlyRootfs", "Init", "GroupAdd", "ConsoleSize", "RestartPolicy", "DnsOptions", "DnsSearch",
    "ExtraHosts",
}  # fmt: skip
# What says the same as leaving it out, beside null, "", 0, false, [] and {}.
_HARMLESS: Mapping[str, tuple[Any, ...]] = {
    "MemorySwappiness": (-1,), "Isolation": ("default",), "Runtime": ("runc",), "IpcMode": ("private", "none"),
    "CgroupnsMode": ("private",), "ConsoleSize": ([0, 0],), "VolumeDriver": ("local",), "MemorySwap": (-1,),
    "LogConfig": ({"Type": "", "Config": {}}, {"Type": "", "Config": None}, {"Type": "json-file", "Config": {}}),
    "PidsLimit": (-1,),
}  # fmt: skip
_OPTIONS = {
    "Binds": "-v HOST:CONTAINER", "Mounts": "--mount", "Privileged": "--privileged", "CapAdd": "--cap-add",
    "SecurityOpt": "--security-opt", "Devices": "--device", "DeviceRequests": "--gpus", "PidMode": "--pid",
    "IpcMode": "--ipc", "UTSMode": "--uts", "UsernsMode": "--userns", "CgroupnsMode": "--cgroupns",
    "CgroupParent": "--cgroup-parent", "VolumesFrom": "--volumes-from", "VolumeDriver": "--volume-driver",
    "Links": "--link", "Sysctls": "--sysctl", "Runtime": "--runtime", "DeviceCgroupRules": "--device-cgroup-rule",
    "OomKillDisable": "--oom-kill-disable", "OomScoreAdj": "--oom-score-adj", "StorageOpt": "--storage-opt",
    "Ulimits": "--ulimit", "LogConfig": "--log-driver", "Isolation": "--isolation", "ContainerIDFile": "--cidfile",
    "Dns": "--dns",
}  # fmt: skip
_INSTEAD = {
    "Binds": "Put the files into the image, or use `-v /PATH` for an empty volume.",
    "Mounts": "Put the files into the image, or use `--tmpfs /PATH` for a folder in memory.",
    "Links": "Put both containers into a network: `docker network create`.",
}
_EXEC = {"AttachStdin", "AttachStdout", "AttachStderr", "Tty", "Env", "Cmd", "User", "WorkingDir", "ConsoleSize"}
_TMPFS = re.compile(r"[a-z0-9=,]*")
_ADDRESS = re.compile(r"[A-Za-z0-9_.-]+:[0-9a-fA-F.:]+")


class Asked:
    """A container as a script asked for it: `body` is what goes to the engine, without a network.

    `network` is what it named, `aliases` its names there; `ports` are those to publish: `8000/tcp` to the host's ports,
    of which an empty one is for the gate to choose.
    """

    def __init__(self, said: Mapping[str, Any]) -> None:
        self.image = _text(said.get("Image"), "Image")
        host = _object(said.get("HostConfig"), "HostConfig")
        self.network = _text(host.get("NetworkMode"), "NetworkMode")
        self.aliases: list[str] = self._aliases(_object(said.get("NetworkingConfig"), "NetworkingConfig"))
        self.ports = _ports(host)
        self.publish_all = bool(host.get("PublishAllPorts"))
        self.host_config = {name: host[name] for name in ("PortBindings", "RestartPolicy") if host.get(name)}
        config = _let_through(said, _CONFIG, {"Image", "HostConfig", "NetworkingConfig"})
        for path in _object(config.get("Volumes"), "Volumes"):
            if not path.startswith("/") or ":" in path:
                raise Refused(f"the volume {path} is no path in the container: {_INSTEAD['Binds']}")
        self.body = {**config, "HostConfig": _host_config(host)}

    @staticmethod
    def _aliases(networking: Mapping[str, Any]) -> list[str]:
        found: list[str] = []
        for endpoint in _object(networking.get("EndpointsConfig"), "EndpointsConfig").values():
            found += [_text(alias, "Aliases") for alias in _object(endpoint, "EndpointsConfig").get("Aliases") or ()]
        return found


def exec_body(said: Mapping[str, Any]) -> dict[str, Any]:
    """What `docker exec` may ask for."""
    return _let_through(said, _EXEC, {"DetachKeys", "Detach"})


def network_body(said: Mapping[str, Any]) -> dict[str, Any]:
    """What `docker network create` may ask for, without its name: a bridge that leads nowhere else."""
    _let_through(said, {"Name", "Driver", "Labels"}, {"CheckDuplicate", "Internal", "Attachable", "Scope"}, {
        "IPAM": ({"Driver": "default", "Options": {}, "Config": []}, {"Driver": "default", "Options": None, "Config": []},
                 {"Driver": "default", "Config": []}),
        "EnableIPv4": (True,),
    })  # fmt: skip
    if said.get("Driver") not in (None, "", "bridge"):
        raise Refused(f"the gate lets networks of the driver bridge through only, not {str(said['Driver'])[:80]}")
    return {
        "Driver": "bridge",
        "Internal": True,
        "CheckDuplicate": True,
        "Labels": _object(said.get("Labels"), "Labels"),
    }


def _host_config(said: Mapping[str, Any]) -> dict[str, Any]:
    checked: dict[str, Callable[[Any], Any]] = {
        "Mounts": _mounts, "Tmpfs": _tmpfs, "ExtraHosts": _extra_hosts, "Ulimits": _ulimits, "CapDrop": _names,
        "SecurityOpt": _security,
    }  # fmt: skip
    ignored = {
        "NetworkMode", "PortBindings", "PublishAllPorts", "Memory", "MemorySwap", "MemoryReservation", "NanoCpus",
        "PidsLimit", "CpuShares", "CpuPeriod", "CpuQuota", "ShmSize",
    }  # fmt: skip
    kept = _let_through(said, _HOST_CONFIG, {*ignored, *checked})
    kept |= {name: check(said[name]) for name, check in checked.items() if said.get(name)}
    memory, processes, cpus = (_number(said, name) for name in ("Memory", "PidsLimit", "NanoCpus"))
    quota, period = _number(said, "CpuQuota"), _number(said, "CpuPeriod") or 100_000
    cpus = cpus or quota * NANO_CPUS // period
    memory = min(memory, MEMORY_BYTES) if memory else MEMORY_BYTES
    return {
        **kept,
        "Memory": memory,
        "MemorySwap": memory,
        "PidsLimit": min(processes, PROCESSES) if processes > 0 else PROCESSES,
        "NanoCpus": min(cpus, NANO_CPUS) if cpus > 0 else NANO_CPUS,
        "CapDrop": sorted({*_DROPPED, *kept.get("CapDrop", ())}) if "ALL" not in kept.get("CapDrop", ()) else ["ALL"],
        "SecurityOpt": ["no-new-privileges"],
        "LogConfig": _LOG,
    }


def _let_through(
    said: Mapping[str, Any], allowed: set[str], elsewhere: set[str], harmless: Mapping[str, tuple[Any, ...]] = _HARMLESS
) -> dict[str, Any]:
    """The settings of `allowed`; `elsewhere` are looked at by others. Raises Refused for any other that says something."""
    for name, value in said.items():
        if name in allowed or name in elsewhere or not value or value in harmless.get(name, ()):
            continue
        option = f"`{_OPTIONS[name]}`" if name in _OPTIONS else f"the setting {name[:60]}"
        raise Refused(f"the gate does not let {option} through. {_INSTEAD.get(name, '')}".strip())
    return {name: value for name, value in said.items() if name in allowed and value is not None}


def _mounts(said: Any) -> list[dict[str, Any]]:
    kept = []
    for mount in _list(said, "Mounts"):
        mount = _object(mount, "Mounts")
        kind, target = mount.get("Type"), _text(mount.get("Target"), "Target")
        rest = {
            name
            for name, value in mount.items()
            if value and name not in ("Type", "Target", "ReadOnly", "TmpfsOptions")
        }
        if kind not in ("tmpfs", "volume") or rest - {"Consistency"}:
            raise Refused(
                f"the gate does not let the mount of type {str(kind)[:40]} at {target[:80]} through: only memory (tmpfs) and "
                f"volumes without a name. {_INSTEAD['Mounts']}"
            )
        options = _object(mount.get("TmpfsOptions"), "TmpfsOptions")
        size = min(_number(options, "SizeBytes") or MEMORY_BYTES, MEMORY_BYTES)
        kept.append(
            {"Type": kind, "Target": target, "ReadOnly": bool(mount.get("ReadOnly"))}
            | (
                {"TmpfsOptions": {"SizeBytes": size, "Mode": _number(options, "Mode") or 0o1777}}
                if kind == "tmpfs"
                else {}
            )
        )
    return kept


def _tmpfs(said: Any) -> dict[str, str]:
    kept = {}
    for path, options in _object(said, "Tmpfs").items():
        if not path.startswith("/") or not _TMPFS.fullmatch(_text(options, "Tmpfs")):
            raise Refused(f"the gate does not let these options of `--tmpfs {path[:80]}` through")
        kept[path] = options
    return kept


def _extra_hosts(said: Any) -> list[str]:
    for entry in _list(said, "ExtraHosts"):
        if not _ADDRESS.fullmatch(_text(entry, "ExtraHosts")):
            raise Refused(f"the gate does not let `--add-host {entry[:80]}` through: only a name and an address")
    return list(said)


def _ulimits(said: Any) -> list[dict[str, Any]]:
    kept = []
    for limit in _list(said, "Ulimits"):
        limit = _object(limit, "Ulimits")
        name, soft, hard = limit.get("Name"), _number(limit, "Soft"), _number(limit, "Hard")
        if name not in ("nofile", "core") or not 0 <= soft <= hard <= 65_536:
            raise Refused(f"the gate lets `--ulimit` through for nofile up to 65536 and core, not for {str(name)[:40]}")
        kept.append({"Name": name, "Soft": soft, "Hard": hard})
    return kept


def _names(said: Any) -> list[str]:
    return [_text(one, "CapDrop").upper().removeprefix("CAP_") for one in _list(said, "CapDrop")]


def _security(said: Any) -> list[str]:
    for one in _list(said, "SecurityOpt"):
        if one not in ("no-new-privileges", "no-new-privileges:true", "no-new-privileges=true"):
            raise Refused(f"the gate does not let `--security-opt {str(one)[:80]}` through")
    return []


def _ports(host: Mapping[str, Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for port, bindings in _object(host.get("PortBindings"), "PortBindings").items():
        if not re.fullmatch(r"\d{1,5}(/tcp)?", port):
            raise Refused(f"the gate publishes ports of TCP only, not {port[:40]}")
        for binding in _list(bindings, "PortBindings"):
            asked = _text(_object(binding, "PortBindings").get("HostPort"), "HostPort")
            if not re.fullmatch(r"\d{0,5}", asked) or int(asked or 0) > 65_535:
                raise Refused(f"{asked[:40]} is no port that the gate can publish: name one, or none and it chooses")
            found.setdefault(port if "/" in port else f"{port}/tcp", []).append("" if asked == "0" else asked)
    return found


def _object(value: Any, name: str) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Refused(f"{name} is no object", 400)
    return value


def _list(value: Any, name: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise Refused(f"{name} is no list", 400)
    return value


def _text(value: Any, name: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Refused(f"{name} is no text", 400)
    return value


def _number(said: Mapping[str, Any], name: str) -> int:
    value = said.get(name)
    if value is None:
        return 0
    if not isinstance(value, int) or isinstance(value, bool):
        raise Refused(f"{name} is no whole number", 400)
    return value

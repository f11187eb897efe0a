"""Removing what a user plane made, the one that ends or the one before it that could not."""

import json

from nef.network.linux import commands
from nef.network.linux.commands import LinuxPlaneUnusable
from nef.network.linux.names import HOST, N6, RADIO, Names
from nef.network.linux.ownership import Ownership


def clean(names: Names) -> bool:
    """Remove what a dead owner of the name left; False where there was nothing.

    Raises LinuxPlaneUnusable where the owner lives, or what is there was not made by us.
    """
    commands.require()
    with Ownership(names.name) as ownership:
        was_there = remove_leftovers(names, ownership)
        ownership.release()
    return was_there


def remove_leftovers(names: Names, ownership: Ownership) -> bool:
    """Remove what the former owner left, and nothing that never had one of ours."""
    if ownership.is_inherited:
        return remove(names)
    strangers = [thing for kind in _present(names) for thing in kind]
    if strangers:
        ownership.release()
        raise LinuxPlaneUnusable(
            f"{', '.join(strangers)}: there already, and not made by nef user-plane;"
            " remove it, or take another --name"
        )
    return False


def remove(names: Names) -> bool:
    """Remove all that has the names, as far as it is there; False where nothing was."""
    namespaces, links, tables = _present(names)
    # Links first: a namespace outlives its name as long as a program runs in it.
    commands.ip_batch([f"link del {link}" for link in links])
    for namespace in namespaces:
        inside = _links(namespace) & {N6, RADIO, HOST}
        commands.ip_batch([f"link del {link}" for link in sorted(inside)], namespace)
    commands.ip_batch([f"netns del {namespace}" for namespace in namespaces])
    commands.nft("".join(f"delete table {table}\n" for table in tables))
    return bool(namespaces or links or tables)


def _present(names: Names) -> tuple[list[str], list[str], list[str]]:
    listed = commands.ip("netns", "list").splitlines()
    namespaces = {line.split()[0] for line in listed if line.strip()}
    return (
        [namespace for namespace in names.namespaces if namespace in namespaces],
        [names.host_interface] if names.host_interface in _links() else [],
        [names.host_table] if names.host_table in _tables() else [],
    )


def _links(namespace: str | None = None) -> set[str]:
    there = ("-n", namespace) if namespace else ()
    return {link["ifname"] for link in json.loads(commands.ip(*there, "-j", "link", "show"))}


def _tables() -> set[str]:
    entries = json.loads(commands.nft_list(None, "tables"))["nftables"]
    tables = [entry["table"] for entry in entries if "table" in entry]
    return {f"{table['family']} {table['name']}" for table in tables}

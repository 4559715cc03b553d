#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads a device's register table (models/NAME.yaml) and writes what is made of it.

registers.py header FILE…            a C header, for the device in QEMU and for its driver in the guest
registers.py headers FOLDER FILE…    the same, each as FOLDER/NAME-registers.h
registers.py markdown FILE…          the tables of the documentation
registers.py check FILE…             nothing, but says what is wrong

docs/pci-devices.md says what may stand in a table.
"""

import pathlib
import re
import sys

import yaml

ACCESSES = ("ro", "rw", "w1c", "wo")
KINDS = ("registers", "memory", "msix", "forwarded")
TYPES = ("uint32", "bool", "chardev")
WORD = 0xFFFFFFFF

DEVICE_KEYS = {"name", "title", "vendor", "device", "class", "bars", "properties"}
BAR_KEYS = {"bar", "size", "size-property", "kind", "vectors", "registers", "about"}
REGISTER_KEYS = {"name", "offset", "access", "reset", "reset-property", "mask", "clears", "set-by", "allowed", "fields", "values", "about"}
FIELD_KEYS = {"name", "bits", "about"}
PROPERTY_KEYS = {"name", "type", "default", "min", "max", "power-of-two", "required", "about"}


class Mistake(Exception):
    """What is wrong with a table, in words."""


def expect(holds, words):
    if not holds:
        raise Mistake(words)


def is_word(value):
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= WORD


def check_keys(what, entry, allowed, needed):
    expect(isinstance(entry, dict), f"{what}: a table of names and values is wanted")
    unknown = sorted(str(key) for key in set(entry) - allowed)
    expect(not unknown, f"{what}: unknown: {', '.join(unknown)}; there are {', '.join(sorted(allowed))}")
    missing = sorted(needed - set(entry))
    expect(not missing, f"{what}: missing: {', '.join(missing)}")


def check_device(model):
    check_keys("the device", model, DEVICE_KEYS, {"name", "title", "vendor", "device", "class", "bars"})
    expect(re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", str(model["name"])), f"name: \"{model['name']}\" is not small letters, digits and single dashes")
    for key, most in (("vendor", 0xFFFE), ("device", 0xFFFE), ("class", 0xFFFFFF)):
        expect(is_word(model[key]) and model[key] <= most, f"{key}: a number up to 0x{most:x} is wanted")
    taken = set()
    for bar in model["bars"]:
        check_bar(bar, taken)
    for entry in model.get("properties", []):
        what = f"property {entry.get('name')}"
        check_keys(what, entry, PROPERTY_KEYS, {"name", "type", "about"})
        expect(entry["type"] in TYPES, f"{what}: type is one of {', '.join(TYPES)}")
        if entry["type"] == "uint32":
            expect(all(is_word(entry.get(key)) for key in ("default", "min", "max")), f"{what}: default, min and max are wanted, up to 0x{WORD:x}")
            expect(entry["min"] <= entry["default"] <= entry["max"], f"{what}: the default is not between min and max")


def check_bar(bar, taken):
    what = f"BAR {bar.get('bar')}"
    check_keys(what, bar, BAR_KEYS, {"bar"})
    expect(bar["bar"] in range(6) and bar["bar"] not in taken, f"{what}: bar is a number from 0 to 5, each once")
    taken.add(bar["bar"])
    kind = bar.setdefault("kind", "registers")
    expect(kind in KINDS, f"{what}: kind is one of {', '.join(KINDS)}")
    if kind == "msix":
        expect(bar.get("vectors") in range(1, 2049), f"{what}: vectors is a number from 1 to 2048")
        return
    size = bar.get("size")
    expect(is_word(size) and size >= 16 and size & (size - 1) == 0, f"{what}: size is a power of two from 16")
    registers = bar.setdefault("registers", [])
    expect(kind == "registers" or not registers, f"{what}: of kind {kind} there are no registers")
    offsets, names = set(), set()
    for register in registers:
        check_register(register, size)
        expect(register["offset"] not in offsets, f"{register['name']}: another register is at 0x{register['offset']:03x}")
        expect(register["name"] not in names, f"{register['name']}: another register has this name")
        offsets.add(register["offset"])
        names.add(register["name"])
    for register in registers:
        expect(register.get("set-by") in names | {None}, f"{register['name']}: set-by names no register of this BAR")


def check_register(register, size):
    what = f"register {register.get('name')}"
    check_keys(what, register, REGISTER_KEYS, {"name", "offset", "access", "about"})
    expect(re.fullmatch(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*", register["name"]), f"{what}: a name is capital letters, digits and single underscores")
    offset = register["offset"]
    expect(is_word(offset) and offset % 4 == 0 and offset + 4 <= size, f"{what}: offset is a multiple of 4 inside of the BAR")
    expect(register["access"] in ACCESSES, f"{what}: access is one of {', '.join(ACCESSES)}")
    register.setdefault("reset", 0)
    register.setdefault("mask", 0 if register["access"] == "ro" else WORD)
    for key in ("reset", "mask"):
        expect(is_word(register[key]), f"{what}: {key} is a number up to 0x{WORD:x}")
    for field in register.get("fields", []):
        check_keys(f"{what}, field {field.get('name')}", field, FIELD_KEYS, {"name", "bits", "about"})
        high, low = bits_of(field)
        expect(31 >= high >= low, f"{what}, field {field['name']}: bits is \"BIT\" or \"HIGH-LOW\", from 0 to 31")


def bits_of(field):
    high, _, low = str(field["bits"]).partition("-")
    expect(high.isdigit() and (low or high).isdigit(), f"field {field['name']}: bits is \"BIT\" or \"HIGH-LOW\"")
    return int(high), int(low or high)


def define(name, value):
    return f"#define {name:<43} {value}"


def header_register(prefix, register):
    name = f"{prefix}_{register['name']}"
    yield define(name, f"0x{register['offset']:03x}")
    if register["access"] != "wo":
        yield define(f"{prefix}_RESET_{register['name']}", f"0x{register['reset']:08x}u")
    if register["access"] != "ro":
        yield define(f"{prefix}_MASK_{register['name']}", f"0x{register['mask']:08x}u")
    for field in register.get("fields", []):
        high, low = bits_of(field)
        yield define(f"{name}_{field['name']}", f"0x{((1 << (high - low + 1)) - 1) << low:08x}u")
        if high != low:
            yield define(f"{name}_{field['name']}_SHIFT", low)
    for value, words in register.get("values", {}).items():
        yield define(f"{name}_{re.match('[A-Z_0-9]+', words)[0]}", f"{value}u")
    if "allowed" in register:
        yield define(f"{prefix}_MIN_{register['name']}", f"{register['allowed']['min']}u")
        yield define(f"{prefix}_MAX_{register['name']}", f"{register['allowed']['max']}u")


def header(model, source):
    prefix = model["name"].upper().replace("-", "_")
    lines = [
        "/* SPDX-License-Identifier: GPL-2.0-or-later */",
        f"/* Made by registers.py from {source}; change that. */",
        f"#ifndef {prefix}_REGISTERS_H",
        f"#define {prefix}_REGISTERS_H",
        "",
        "#ifdef __KERNEL__",
        "#include <linux/types.h>",
        "#else",
        "#include <stdint.h>",
        "#endif",
        "",
        define(f"{prefix}_VENDOR_ID", f"0x{model['vendor']:04x}"),
        define(f"{prefix}_DEVICE_ID", f"0x{model['device']:04x}"),
        define(f"{prefix}_CLASS", f"0x{model['class']:06x}"),
    ]
    for bar in model["bars"]:
        name = f"{prefix}_BAR{bar['bar']}"
        lines += ["", define(name, bar["bar"])]
        lines += [define(f"{name}_VECTORS", bar["vectors"])] if bar["kind"] == "msix" else [define(f"{name}_SIZE", bar["size"])]
        for register in bar.get("registers", []):
            lines += header_register(prefix, register)
    for entry in model.get("properties", []):
        name = f"{prefix}_PROPERTY_{entry['name'].upper().replace('-', '_')}"
        if entry["type"] == "uint32":
            lines += ["", define(f"{name}_DEFAULT", f"{entry['default']}u"), define(f"{name}_MIN", f"{entry['min']}u"), define(f"{name}_MAX", f"{entry['max']}u")]
    names = [line.split()[1] for line in lines if line.startswith("#define")]
    twice = sorted({name for name in names if names.count(name) > 1})
    expect(not twice, f"two things would be called {', '.join(twice)} in C")
    return "\n".join(lines + name_function(model, prefix.lower()) + ["", "#endif", ""])


def name_function(model, prefix):
    lines = [
        "",
        "/* The name of the register that has the byte at an offset; \"-\" where none is. */",
        f"static inline const char *{prefix}_register_name(unsigned int bar,",
        f"{'':{len(prefix) + 41}}uint64_t offset)",
        "{",
        "    uint64_t word = offset & ~(uint64_t)3;",
        "",
    ]
    for bar in model["bars"]:
        if bar.get("registers"):
            lines += [f"    if (bar == {bar['bar']}) {{", "        switch (word) {"]
            for register in bar["registers"]:
                lines += [f"        case 0x{register['offset']:03x}:", f"            return \"{register['name']}\";"]
            lines += ["        default:", "            return \"-\";", "        }", "    }"]
    if not any(bar.get("registers") for bar in model["bars"]):
        lines += ["    (void)bar;", "    (void)word;"]
    return lines + ["    return \"-\";", "}"]


def markdown(model):
    lines = [f"`{model['vendor']:04x}:{model['device']:04x}`, class `{model['class']:06x}`. {model['title']}.", ""]
    for bar in model["bars"]:
        lines += bar_markdown(bar)
    if model.get("properties"):
        lines += ["| property | type | default | range | |", "|---|---|---|---|---|"]
        for entry in model["properties"]:
            span = f"{entry['min']} … {entry['max']}" if "min" in entry else ""
            span += ", a power of two" if entry.get("power-of-two") else ""
            default = str(entry.get("default", "has to be given")).lower()
            lines += [f"| `{entry['name']}` | {entry['type']} | {default} | {span} | {entry['about']} |"]
        lines += [""]
    return "\n".join(lines)


def bar_markdown(bar):
    size = f"{bar['vectors']} vectors" if bar["kind"] == "msix" else f"{bar['size']} bytes"
    lines = [f"**BAR {bar['bar']}**, {size}{': ' + bar['about'] if 'about' in bar else ''}", ""]
    if not bar.get("registers"):
        return lines
    lines += ["| offset | register | access | reset | bits that a write changes | |", "|---|---|---|---|---|---|"]
    for register in bar["registers"]:
        reset = f"property `{register['reset-property']}`" if "reset-property" in register else f"`0x{register['reset']:08x}`"
        reset = "" if register["access"] == "wo" else reset
        mask = "" if register["access"] == "ro" else f"`0x{register['mask']:08x}`"
        about = register["about"]
        if "allowed" in register:
            also = "".join(f" and {value}" for value in register["allowed"].get("also", []))
            about += f" Takes {register['allowed']['min']} to {register['allowed']['max']}{also}."
        lines += [f"| `0x{register['offset']:03x}` | `{register['name']}` | {register['access']} | {reset} | {mask} | {about} |"]
        lines += [f"| | bit {field['bits']}: `{field['name']}` | | | | {field['about']} |" for field in register.get("fields", [])]
        lines += [f"| | value {value} | | | | {words} |" for value, words in register.get("values", {}).items()]
    return lines + [""]


def made_of(path, wanted):
    with open(path, encoding="utf-8") as file:
        model = yaml.safe_load(file)
    check_device(model)
    text = header(model, f"models/{pathlib.Path(path).name}")
    return {"header": text, "markdown": markdown(model), "check": ""}[wanted]


def main(arguments):
    command, paths, folder = arguments[:1], arguments[1:], None
    if command == ["headers"] and paths:
        command, paths, folder = ["header"], paths[1:], pathlib.Path(paths[0])
    if command not in (["header"], ["markdown"], ["check"]) or not paths:
        sys.exit(__doc__)
    for path in paths:
        try:
            text = made_of(path, command[0])
        except (Mistake, yaml.YAMLError) as mistake:
            sys.exit(f"{path}: {mistake}")
        if folder:
            (folder / f"{pathlib.Path(path).stem}-registers.h").write_text(text, encoding="utf-8")
        else:
            sys.stdout.write(text)


if __name__ == "__main__":
    main(sys.argv[1:])

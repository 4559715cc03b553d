/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "labnet-device.h"
#include "trace.h"

const char *labnet_device_name(PCIDevice *pdev)
{
    DeviceState *dev = DEVICE(pdev);
    const char *name = dev->id;

    if (!name) {
        name = object_get_canonical_path_component(OBJECT(pdev));
    }
    return name ? name : object_get_typename(OBJECT(pdev));
}

uint64_t labnet_read_bytes(void *opaque, LabnetReadWord *word, hwaddr offset,
                           unsigned int size)
{
    uint64_t value = 0;
    unsigned int done = 0;

    while (done < size) {
        hwaddr at = offset + done;
        unsigned int first = at & 3;
        unsigned int bytes = MIN(4 - first, size - done);
        uint32_t part = extract32(word(opaque, at & ~(hwaddr)3), first * 8,
                                  bytes * 8);

        value = deposit64(value, done * 8, bytes * 8, part);
        done += bytes;
    }
    return value;
}

bool labnet_is_word_write(hwaddr offset, unsigned int size)
{
    return (size == 4 || size == 8) && offset % size == 0;
}

static const char *region_name(unsigned int bar)
{
    static const char *const names[] = {
        "BAR0", "BAR1", "BAR2", "BAR3", "BAR4", "BAR5",
    };

    return bar < ARRAY_SIZE(names) ? names[bar] : "-";
}

void labnet_trace_read(PCIDevice *pdev, unsigned int bar, hwaddr offset,
                       const char *reg, unsigned int size, uint64_t value)
{
    if (trace_event_get_state_backends(TRACE_LABNET_REG_READ)) {
        trace_labnet_reg_read(labnet_device_name(pdev), region_name(bar),
                              offset, reg, size, value);
    }
}

void labnet_trace_write(PCIDevice *pdev, unsigned int bar, hwaddr offset,
                        const char *reg, unsigned int size, uint64_t value)
{
    if (trace_event_get_state_backends(TRACE_LABNET_REG_WRITE)) {
        trace_labnet_reg_write(labnet_device_name(pdev), region_name(bar),
                               offset, reg, size, value);
    }
}

bool labnet_check_range(PCIDevice *pdev, const char *property, uint64_t value,
                        uint64_t min, uint64_t max, Error **errp)
{
    if (value >= min && value <= max) {
        return true;
    }
    error_setg(errp, "%s: %s=%" PRIu64 " is out of range, %" PRIu64
               " to %" PRIu64 " are taken",
               object_get_typename(OBJECT(pdev)), property, value, min, max);
    return false;
}

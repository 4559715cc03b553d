/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every device of LabNet's does the same way. */
#ifndef LABNET_DEVICE_H
#define LABNET_DEVICE_H

#include "labnet-compat.h"

/* Gives the 32 bits of the register at an offset, 0 where none is. */
typedef uint32_t LabnetReadWord(void *opaque, hwaddr offset);

/* What messages and trace events call a device by; never NULL. */
const char *labnet_device_name(PCIDevice *pdev);

/* A read of any size and alignment: the bytes that stand there. */
uint64_t labnet_read_bytes(void *opaque, LabnetReadWord *word, hwaddr offset,
                           unsigned int size);

/* A write means something if it is of one register, or of two in a row. */
bool labnet_is_word_write(hwaddr offset, unsigned int size);

void labnet_trace_read(PCIDevice *pdev, unsigned int bar, hwaddr offset,
                       const char *reg, unsigned int size, uint64_t value);
void labnet_trace_write(PCIDevice *pdev, unsigned int bar, hwaddr offset,
                        const char *reg, unsigned int size, uint64_t value);

/* For a property whose range is smaller than its type's. */
bool labnet_check_range(PCIDevice *pdev, const char *property, uint64_t value,
                        uint64_t min, uint64_t max, Error **errp);

#endif

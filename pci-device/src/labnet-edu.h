/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of labnet-edu share. */
#ifndef LABNET_EDU_H
#define LABNET_EDU_H

#include "qemu/timer.h"
#include "labnet-device.h"
#include "labnet-edu-registers.h"

#define TYPE_LABNET_EDU "labnet-edu"
OBJECT_DECLARE_SIMPLE_TYPE(LabnetEduState, LABNET_EDU)

/* A run of DMA: a scatter list, and where in it the device is. */
typedef struct LabnetEduDma {
    QEMUTimer timer;
    uint64_t list;
    uint32_t count;
    uint32_t run;
    uint32_t state;
    uint32_t error;
    uint32_t entries_done;
    uint32_t bytes_done;

    /* The entry under way, if there is one; it was checked. */
    bool has_entry;
    bool to_device;
    uint64_t address;
    uint32_t length;
    uint32_t offset;
    uint32_t moved;
} LabnetEduDma;

struct LabnetEduState {
    PCIDevice parent_obj;

    MemoryRegion mmio;
    MemoryRegion memory;
    QEMUTimer timer;
    LabnetEduDma dma;

    uint32_t scratch;
    uint32_t irq_status;
    uint32_t irq_enable;
    uint32_t timer_period;
    uint32_t timer_control;
    uint32_t timer_count;
    uint32_t dma_list_lo;
    uint32_t dma_list_hi;
    uint32_t dma_count;
    uint32_t dma_pace;
    uint32_t doorbell_last;
    uint32_t doorbell_count;
    uint32_t inject;
    uint32_t inject_after;

    /* properties */
    uint32_t vectors;
    bool msi;
    bool msix;
};

/* Sets causes in IRQ_STATUS, and interrupts for those that are enabled. */
void labnet_edu_raise(LabnetEduState *s, uint32_t causes);
void labnet_edu_acknowledge(LabnetEduState *s, uint32_t causes);
/* A cause that waits for being enabled interrupts then. */
void labnet_edu_enable(LabnetEduState *s, uint32_t causes);
void labnet_edu_update_intx(LabnetEduState *s);

extern const MemoryRegionOps labnet_edu_ops;
void labnet_edu_reset_registers(LabnetEduState *s);
/* Of the timer. */
void labnet_edu_tick(void *opaque);
/* What TIMER_PERIOD and DMA_PACE take. */
bool labnet_edu_is_period(uint32_t value);
bool labnet_edu_is_pace(uint32_t value);

/* False if the command is unknown. */
bool labnet_edu_dma_command(LabnetEduState *s, uint32_t command);
void labnet_edu_dma_reset(LabnetEduState *s);
void labnet_edu_dma_init(LabnetEduState *s);
void labnet_edu_dma_exit(LabnetEduState *s);
extern const VMStateDescription labnet_edu_dma_vmstate;

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The driver of labnet-edu. The registers' names and bits come from pci-device/models/labnet-edu.yaml. */
#ifndef LABNET_EDU_H
#define LABNET_EDU_H

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/device.h>
#include <linux/io.h>
#include <linux/kref.h>
#include <linux/miscdevice.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include "labnet-edu-registers.h"

#define LABNET_EDU_CAUSES       6
#define LABNET_EDU_VECTORS_MAX  8
#define LABNET_EDU_MEMORY_BYTES LABNET_EDU_BAR2_SIZE

/* An entry of the scatter list, little endian as all of the device. */
struct labnet_edu_entry {
	__le64 address;
	__le32 bytes;
	__le32 flags;		/* 15:0 offset in BAR 2, 31: to the device */
};

#define LABNET_EDU_TO_DEVICE	BIT(31)
/* One entry a page, so that a transfer shows what a scatter list is for. */
#define LABNET_EDU_ENTRY_BYTES	4096
#define LABNET_EDU_ENTRIES	(LABNET_EDU_MEMORY_BYTES / LABNET_EDU_ENTRY_BYTES)

struct labnet_edu {
	struct kref users;		/* the probed device, and each open file */
	struct pci_dev *pdev;
	void __iomem *registers;
	void __iomem *memory;

	struct miscdevice file;
	char name[32];
	int id;

	/* Held while a file or an attribute touches the device. */
	struct mutex lock;
	bool gone;			/* remove() has begun: nothing touches it any more */
	bool by_dma;			/* how files move data */

	int vectors;
	atomic_t causes[LABNET_EDU_CAUSES];

	struct completion dma_ended;
	u32 dma_error;
	struct labnet_edu_entry *list;
	dma_addr_t list_address;
	void *buffer;
	dma_addr_t buffer_address;
};

extern const struct attribute_group *labnet_edu_groups[];

static inline u32 labnet_edu_get(struct labnet_edu *edu, unsigned int offset)
{
	return ioread32(edu->registers + offset);
}

static inline void labnet_edu_set(struct labnet_edu *edu, unsigned int offset, u32 value)
{
	iowrite32(value, edu->registers + offset);
}

void labnet_edu_release(struct kref *users);

int labnet_edu_file_register(struct labnet_edu *edu, int id);
void labnet_edu_file_unregister(struct labnet_edu *edu);

int labnet_edu_dma_init(struct labnet_edu *edu);
/* Moves bytes between edu->buffer and the device's memory. Wants edu->lock. */
int labnet_edu_dma(struct labnet_edu *edu, unsigned int offset, unsigned int bytes, bool to_device);
/* From the interrupt handler, with the causes that were acknowledged. */
void labnet_edu_dma_interrupt(struct labnet_edu *edu, u32 causes);
/* remove() has begun: sets edu->gone, and whoever waits for a transfer gives up. */
void labnet_edu_dma_abandon(struct labnet_edu *edu);

#endif

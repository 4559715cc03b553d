// SPDX-License-Identifier: GPL-2.0-or-later
/* Transfers by the device's scatter list. */
#include <linux/dma-mapping.h>
#include <linux/iopoll.h>
#include "labnet_edu.h"

/* The device takes a microsecond for each 4 KiB, if DMA_PACE was not changed. */
#define DMA_TIMEOUT_MS		2000
#define DMA_ABORT_TIMEOUT_US	100000

int labnet_edu_dma_init(struct labnet_edu *edu)
{
	struct device *dev = &edu->pdev->dev;
	int error;

	init_completion(&edu->dma_ended);
	error = dma_set_mask_and_coherent(dev, DMA_BIT_MASK(64));
	if (error)
		return error;
	edu->list = dmam_alloc_coherent(dev, LABNET_EDU_ENTRIES * sizeof(*edu->list), &edu->list_address, GFP_KERNEL);
	edu->buffer = dmam_alloc_coherent(dev, LABNET_EDU_MEMORY_BYTES, &edu->buffer_address, GFP_KERNEL);
	return edu->list && edu->buffer ? 0 : -ENOMEM;
}

static unsigned int fill_list(struct labnet_edu *edu, unsigned int offset, unsigned int bytes, bool to_device)
{
	unsigned int count, done = 0;

	for (count = 0; done < bytes; count++) {
		unsigned int part = min_t(unsigned int, bytes - done, LABNET_EDU_ENTRY_BYTES);

		edu->list[count].address = cpu_to_le64(edu->buffer_address + done);
		edu->list[count].bytes = cpu_to_le32(part);
		edu->list[count].flags = cpu_to_le32((offset + done) | (to_device ? LABNET_EDU_TO_DEVICE : 0));
		done += part;
	}
	return count;
}

/* The buffer is used again only when the device is surely done with it. */
static int stop(struct labnet_edu *edu)
{
	u32 state;
	int error;

	labnet_edu_set(edu, LABNET_EDU_DMA_COMMAND, LABNET_EDU_DMA_COMMAND_ABORT);
	error = read_poll_timeout(labnet_edu_get, state, state != LABNET_EDU_DMA_STATE_RUNNING, 100, DMA_ABORT_TIMEOUT_US, false, edu,
				  LABNET_EDU_DMA_STATE);
	if (error) {
		dev_err(&edu->pdev->dev, "a transfer can't be stopped: resetting the device\n");
		labnet_edu_set(edu, LABNET_EDU_CONTROL, LABNET_EDU_CONTROL_RESET);
		labnet_edu_set(edu, LABNET_EDU_IRQ_ENABLE, LABNET_EDU_MASK_IRQ_ENABLE);
	}
	return error;
}

static int result(struct labnet_edu *edu)
{
	u32 state = labnet_edu_get(edu, LABNET_EDU_DMA_STATE);
	u32 error = labnet_edu_get(edu, LABNET_EDU_DMA_ERROR);

	if (state == LABNET_EDU_DMA_STATE_DONE)
		return 0;
	dev_warn(&edu->pdev->dev, "transfer failed: state %u, error %u, after %u entries and %u bytes\n", state, error,
		 labnet_edu_get(edu, LABNET_EDU_DMA_ENTRY), labnet_edu_get(edu, LABNET_EDU_DMA_BYTES));
	return -EIO;
}

int labnet_edu_dma(struct labnet_edu *edu, unsigned int offset, unsigned int bytes, bool to_device)
{
	unsigned int count = fill_list(edu, offset, bytes, to_device);
	long left;

	reinit_completion(&edu->dma_ended);
	/* Pairs with labnet_edu_dma_abandon(): either it is seen here, or it ends the wait below. */
	smp_mb();
	if (READ_ONCE(edu->gone))
		return -ENODEV;

	labnet_edu_set(edu, LABNET_EDU_DMA_LIST_LO, lower_32_bits(edu->list_address));
	labnet_edu_set(edu, LABNET_EDU_DMA_LIST_HI, upper_32_bits(edu->list_address));
	labnet_edu_set(edu, LABNET_EDU_DMA_COUNT, count);
	/* iowrite32() orders what stands in memory, the list, before it. */
	labnet_edu_set(edu, LABNET_EDU_DMA_COMMAND, LABNET_EDU_DMA_COMMAND_START);

	left = wait_for_completion_interruptible_timeout(&edu->dma_ended, msecs_to_jiffies(DMA_TIMEOUT_MS));
	if (READ_ONCE(edu->gone)) {
		stop(edu);
		return -ENODEV;
	}
	if (left >= 0 && labnet_edu_get(edu, LABNET_EDU_DMA_STATE) != LABNET_EDU_DMA_STATE_RUNNING) {
		if (left == 0)
			dev_warn(&edu->pdev->dev, "a transfer ended without an interrupt\n");
		return result(edu);
	}
	stop(edu);
	return left < 0 ? left : -ETIMEDOUT;
}

void labnet_edu_dma_interrupt(struct labnet_edu *edu, u32 causes)
{
	if (causes & (LABNET_EDU_IRQ_STATUS_DMA_DONE | LABNET_EDU_IRQ_STATUS_DMA_ERROR))
		complete(&edu->dma_ended);
}

void labnet_edu_dma_abandon(struct labnet_edu *edu)
{
	WRITE_ONCE(edu->gone, true);
	smp_mb();
	complete_all(&edu->dma_ended);
}

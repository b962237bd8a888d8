#!/bin/sh
# flash_board.sh BOARD: puts build/firmware/BOARD/spwf.elf onto the board with OpenOCD, as the board's
# openocd.cfg says, and verifies it.
set -eu

board="$1"
config="firmware/boards/$board/openocd.cfg"
log="build/firmware/$board-flash.log"

if [ ! -f "$config" ]; then
    echo "The board $board is QEMU's alone: make run BOARD=$board" >&2
    exit 1
fi
if openocd -f "$config" -c "program build/firmware/$board/spwf.elf verify reset exit" 2>"$log"; then
    echo "The firmware is on the $board and runs."
    exit 0
fi
if grep -qi 'unable to open\|no device found\|unable to find' "$log"; then
    echo "No probe of a board $board was found: is it plugged in, and may you use its USB device?" >&2
else
    cat "$log" >&2
fi
exit 1

# What stands in for a BIOS and a boot loader in the machine of cross/avx512-emulated: a ROM that enters protected
# mode and jumps into Linux, and the page of parameters that Linux expects there (Documentation/arch/x86/boot.rst).
# Assembled once for each run, with the numbers IMAGE_END, MEMORY, INITRD and INITRD_SIZE; `vmlinuz` and `command-line`
# are found in the include path.
        .set PAGE, 0x100000             # where the image in memory begins, with the page of parameters
        .set KERNEL, 0x1000000

        .section .rom, "ax"
        .code16
start:  cli
        lgdtl %cs:gdt_register - start
        movl %cr0, %eax
        orl $1, %eax
        movl %eax, %cr0
        ljmpl $0x10, $flat

        .code32
flat:   movl $0x18, %eax
        movl %eax, %ds
        movl %eax, %es
        movl %eax, %ss
        # Bochs reads the image in one piece into memory that it gives out in blocks, in the order of their first use:
        # using all in order, before anything else is used, makes the piece what it should be. Hence no stack so far.
        movl $PAGE, %ecx
1:      movl (%ecx), %eax
        addl $0x1000, %ecx
        cmpl $IMAGE_END, %ecx
        jb 1b
        movl $0x8000, %esp
        movl $PAGE, %esi
        xorl %ebp, %ebp
        xorl %edi, %edi
        xorl %ebx, %ebx
        movl $KERNEL, %eax
        jmp *%eax

        .balign 8
gdt:    .quad 0, 0
        .quad 0x00cf9b000000ffff        # 0x10: code, all of 4 GB
        .quad 0x00cf93000000ffff        # 0x18: data
gdt_register:
        .word . - gdt - 1
        .long gdt
        .org 0xfff0                     # where a processor begins
        .code16
        jmp start
        .org 0x10000

        # The header of the kernel file, but for what a loader has to fill in; and the map of the memory.
        .section .page, "a"
        .org 0x1e8
        .byte 2                         # entries of the map
        .org 0x1f1
        .incbin "vmlinuz", 0x1f1, 0x210 - 0x1f1
        .byte 0xff, 1                   # an unknown loader; the kernel lies high
        .incbin "vmlinuz", 0x212, 2
        .long KERNEL, INITRD, INITRD_SIZE, 0
        .incbin "vmlinuz", 0x224, 4
        .long PAGE + command_line - page_start
        .incbin "vmlinuz", 0x22c, 0x268 - 0x22c
        .org 0x2d0
        .quad 0x1000, 0x9e000           # start, size
        .long 1                         # usable
        .quad 0x100000, MEMORY - 0x100000
        .long 1
        .org 0x1000
command_line:
        .incbin "command-line"
        .byte 0
        .set page_start, command_line - 0x1000

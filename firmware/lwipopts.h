/*
 * lwipopts.h - what of lwIP the firmware uses, and how much memory it may take. Included by lwIP.
 */
#ifndef LWIPOPTS_H
#define LWIPOPTS_H

/* ---- the raw API, polled by one thread ---- */
#define NO_SYS 1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_SOCKET 0
#define LWIP_NETCONN 0
#define LWIP_NETIF_API 0
#define LWIP_STATS 0
#define LWIP_NOASSERT /* their texts are 9 KB */

/* ---- IPv4 over Ethernet: TCP, and UDP for DHCP and DNS ---- */
#define LWIP_DHCP 1
#define LWIP_ACD 0 /* its probe of an address takes seconds */
#define LWIP_DHCP_DOES_ACD_CHECK 0
#define LWIP_DNS 1
#define DNS_TABLE_SIZE 1
#define DNS_MAX_NAME_LENGTH 101 /* SPWF_NAME_MAX and its NUL */
#define IP_REASSEMBLY 0
#define IP_FRAG 0
#define ETH_PAD_SIZE 2
#define ARP_TABLE_SIZE 4

/* ---- TCP: a window for the 3072 bytes that SOCKQ may tell of ---- */
#define TCP_MSS 536
#define TCP_WND (6 * TCP_MSS)
#define TCP_SND_BUF (2 * TCP_MSS)
#define TCP_SND_QUEUELEN 8
#define TCP_QUEUE_OOSEQ 0
#define LWIP_DISABLE_TCP_SANITY_CHECKS 1 /* a window need not fit the pool: blocks.c keeps it */

/* ---- memory ---- */
#define MEM_ALIGNMENT 4
#define MEM_SIZE 3584
#define MEMP_NUM_TCP_PCB 10 /* the module's eight, and two that still say goodbye */
#define MEMP_NUM_TCP_PCB_LISTEN 1
#define MEMP_NUM_TCP_SEG 16
#define MEMP_NUM_UDP_PCB 3
#define PBUF_POOL_SIZE 5
#define PBUF_POOL_BUFSIZE 600

#endif

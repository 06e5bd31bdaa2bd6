// Go, by cgo: one goroutine, locked to its thread, owns the engine and waits for its descriptor. Other goroutines reach
// it by a channel; a notification of a sender makes the descriptor readable.
//
// This runs the trace of ../trace.h, written in Go on orchflow.h.
package main

// #cgo LDFLAGS: -lorchflow
// #include "event.h"
import "C"

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
	"time"
	"unsafe"
)

const idle = 300 * time.Millisecond

// Loop is the engine with its descriptor in an epoll set, and what other goroutines want done.
type Loop struct {
	engine *C.orch_engine
	sender *C.orch_sender
	calls  chan func()
	set    int
}

// NewLoop makes an engine that belongs to the calling goroutine, which stays on its thread.
func NewLoop(config C.orch_config) *Loop {
	runtime.LockOSThread()
	loop := &Loop{calls: make(chan func(), 16)}
	config.size = C.sizeof_orch_config
	loop.check(C.orch_engine_create(&config, &loop.engine), "create")
	loop.check(C.orch_sender_create(loop.engine, &loop.sender), "sender")
	fd := C.orch_engine_get_fd(loop.engine)
	set, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	must(err)
	interest := syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(fd)}
	must(syscall.EpollCtl(set, syscall.EPOLL_CTL_ADD, int(fd), &interest))
	loop.set = set
	return loop
}

// Call lets the owner call a function; for any other goroutine.
func (loop *Loop) Call(call func()) {
	loop.calls <- call
	command := C.orch_command{size: C.sizeof_orch_command, kind: C.ORCH_COMMAND_NOTIFY}
	// A full queue has a notification in it already.
	C.orch_sender_post(loop.sender, &command, 0)
}

// Wait blocks until the descriptor is readable, makes a turn and hands out its events.
func (loop *Loop) Wait(handle func(*C.orch_event)) {
	var ready [1]syscall.EpollEvent
	for {
		_, err := syscall.EpollWait(loop.set, ready[:], -1)
		if err == nil {
			break
		} else if err != syscall.EINTR {
			must(err)
		}
	}
	loop.check(C.orch_engine_turn(loop.engine, 0), "turn")
	event := C.orch_event{size: C.sizeof_orch_event}
	for loop.check(C.orch_engine_next_event(loop.engine, &event), "event") == C.ORCH_OK {
		handle(&event)
	}
	for {
		select {
		case call := <-loop.calls:
			call()
		default:
			return
		}
	}
}

// Close destroys the engine.
func (loop *Loop) Close() {
	syscall.Close(loop.set)
	C.orch_sender_destroy(loop.sender)
	loop.check(C.orch_engine_destroy(loop.engine), "destroy")
	runtime.UnlockOSThread()
}

func (loop *Loop) check(status C.orch_status, what string) C.orch_status {
	if status < 0 {
		failure := C.orch_error{size: C.sizeof_orch_error}
		C.orch_error_get(loop.engine, &failure)
		fmt.Fprintln(os.Stderr, what+":", text(failure.message))
		os.Exit(1)
	}
	return status
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// text copies bytes that the library lends.
func text(bytes C.orch_bytes) string {
	return string(unsafe.Slice((*byte)(bytes.data), int(bytes.len)))
}

// lend is for bytes in structs, which have to be in C's memory. The caller frees them.
func lend(text string) C.orch_bytes {
	return C.orch_bytes{data: C.CBytes([]byte(text)), len: C.size_t(len(text))}
}

// Spawn starts a shell script in a terminal, with a variable "NAME=VALUE".
func (loop *Loop) Spawn(script, variable string) C.uint64_t {
	words := []string{"sh", "-c", script}
	argv := (*C.orch_bytes)(C.calloc(C.size_t(len(words)), C.sizeof_orch_bytes))
	defer C.free(unsafe.Pointer(argv))
	for i, word := range words {
		bytes := lend(word)
		defer C.free(bytes.data)
		unsafe.Slice(argv, len(words))[i] = bytes
	}
	env := (*C.orch_bytes)(C.calloc(1, C.sizeof_orch_bytes))
	defer C.free(unsafe.Pointer(env))
	*env = lend(variable)
	defer C.free(env.data)
	options := C.orch_spawn_options{size: C.sizeof_orch_spawn_options, argv: argv, argv_len: C.size_t(len(words))}
	options.env, options.env_len = env, 1
	var terminal C.uint64_t
	loop.check(C.orch_terminal_spawn(loop.engine, &options, &terminal), "spawn")
	return terminal
}

// Write types bytes and says how many were accepted.
func (loop *Loop) Write(terminal C.uint64_t, bytes []byte) (int, C.orch_status) {
	var accepted C.size_t
	status := C.orch_terminal_write(loop.engine, terminal, unsafe.Pointer(&bytes[0]), C.size_t(len(bytes)), &accepted)
	return int(accepted), status
}

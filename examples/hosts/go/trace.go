// The trace itself: see ../trace.c for the same in C.
package main

// #include "event.h"
import "C"

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unsafe"
)

type step int

const (
	busy step = iota
	quiet
	idling
	over
)

type trace struct {
	*Loop
	step                          step
	script, typist, paster, watch C.uint64_t
	firstReader, secondReader     C.uint64_t
	lines                         map[C.uint64_t]string // what came of the line that each reader is in
	whilePaused                   int
	paste                         []byte
	roomAgain                     bool
	fifo                          *os.File
	folder                        string
	wakes                         int
}

func main() {
	config := C.orch_config{input_bytes: 4096}
	self := &trace{Loop: NewLoop(config), lines: map[C.uint64_t]string{}}
	self.folder, _ = os.MkdirTemp("", "orchflow-trace-")
	self.script = self.spawn("for i in 1 2 3; do echo line $i; done; exit 3")
	for self.step != over {
		if self.step == idling {
			self.wakes++
		}
		self.Wait(self.event)
		if self.step == quiet {
			self.mayIdle()
		}
	}
	self.Close()
	os.RemoveAll(self.folder)
}

func (self *trace) spawn(script string) C.uint64_t {
	return self.Spawn(script, "FOLDER="+self.folder)
}

func (self *trace) event(event *C.orch_event) {
	switch event.kind {
	case C.ORCH_EVENT_OUTPUT:
		output := C.output_of(event)
		self.output(event.source, output.reader, string(unsafe.Slice((*byte)(output.data), int(output.len))))
	case C.ORCH_EVENT_EXITED:
		self.exited(event.source, C.exited_of(event))
	case C.ORCH_EVENT_CLOSED:
		fmt.Printf("%s: closed\n", self.name(event.source))
		if event.source == self.script {
			self.typist = self.spawn("stty -echo; echo ready; while read -r word; do " +
				"case $word in size) stty size;; *) echo \"you typed $word\";; esac; done")
		} else if event.source == self.paster {
			self.startWatch()
		}
	case C.ORCH_EVENT_INPUT_READY:
		if !self.roomAgain {
			fmt.Println("paste: room again")
		}
		self.roomAgain = true
		self.pasteMore()
	case C.ORCH_EVENT_WATCH_READY:
		self.synced(0)
	case C.ORCH_EVENT_WATCH_BATCH:
		self.batch(C.batch_of(event))
	case C.ORCH_EVENT_WATCH_SYNCED:
		self.synced(int(C.synced_of(event).sync_tag))
	case C.ORCH_EVENT_SHUTDOWN_COMPLETE:
		fmt.Println("shutdown: complete")
		self.step = over
	}
}

func (self *trace) name(terminal C.uint64_t) string {
	return map[C.uint64_t]string{self.script: "script", self.typist: "typing", self.paster: "paste"}[terminal]
}

func (self *trace) exited(terminal C.uint64_t, exited *C.orch_event_exited) {
	how := "signal"
	if exited.exit_kind == C.ORCH_EXIT_CODE {
		how = "exit code"
	}
	fmt.Printf("%s: %s %d\n", self.name(terminal), how, exited.exit_value)
	if terminal != self.typist {
		self.check(C.orch_terminal_close(self.engine, terminal, 0), "close")
	}
}

func (self *trace) output(terminal, reader C.uint64_t, text string) {
	if terminal == self.typist && reader != self.secondReader {
		self.firstReader = reader
		self.whilePaused += len(text)
	}
	parts := strings.Split(self.lines[reader]+strings.ReplaceAll(text, "\r", ""), "\n")
	self.lines[reader] = parts[len(parts)-1]
	for _, line := range parts[:len(parts)-1] {
		switch {
		case terminal == self.script:
			fmt.Println("script:", line)
		case terminal == self.paster:
			self.pasterLine(line)
		case reader == self.secondReader:
			self.secondReaderLine(line)
		default:
			self.typistLine(line)
		}
	}
}

func (self *trace) setPaused(paused C.uint32_t) {
	self.check(C.orch_reader_set(self.engine, self.firstReader, C.ORCH_READER_OPTION_PAUSED, paused), "pause")
}

func (self *trace) typeText(text string) {
	_, status := self.Write(self.typist, []byte(text))
	self.check(status, "write")
}

// Once its second line is here, the first reader would have had the first one.
func (self *trace) secondReaderLine(line string) {
	fmt.Println("second reader:", line)
	if line == "you typed on" {
		self.typeText("off\r")
		return
	}
	fmt.Printf("first reader: paused, %d bytes\n", self.whilePaused)
	self.setPaused(0)
}

func (self *trace) typistLine(line string) {
	if self.secondReader != 0 {
		fmt.Println("first reader:", line)
	} else {
		fmt.Println("typing:", line)
	}
	switch line {
	case "you typed off":
		self.check(C.orch_reader_detach(self.engine, self.secondReader), "detach")
		self.paster = self.spawn("stty raw -echo; mkfifo $FOLDER/fifo; echo ready; " +
			"read -r go <$FOLDER/fifo; head -c 102400 | cksum; rm $FOLDER/fifo")
	case "ready":
		self.typeText("hello\r")
	case "you typed hello":
		self.check(C.orch_terminal_resize(self.engine, self.typist, C.orch_size{cols: 100, rows: 30}), "resize")
		self.typeText("size\r")
	case "30 100":
		options := C.orch_attach_options{size: C.sizeof_orch_attach_options, start: C.ORCH_START_NOW}
		self.check(C.orch_terminal_attach(self.engine, self.typist, &options, &self.secondReader), "attach")
		self.setPaused(1)
		self.whilePaused = 0
		self.typeText("on\r")
	}
}

// The program begins to read when a fifo says so.
func (self *trace) pasterLine(line string) {
	if line != "ready" {
		fmt.Println("paste: checksum and bytes", line)
		return
	}
	for i := 0; i < 102400; i++ {
		self.paste = append(self.paste, byte('a'+i%26))
	}
	self.pasteMore()
	if len(self.paste) > 0 {
		fmt.Println("paste: no room for all")
	} else {
		fmt.Println("paste: room for all")
	}
	fifo, err := os.OpenFile(filepath.Join(self.folder, "fifo"), os.O_RDWR, 0) // also for reading: so it need not wait
	must(err)
	fifo.WriteString("go\n")
	self.fifo = fifo
}

func (self *trace) pasteMore() {
	if len(self.paste) > 0 {
		accepted, status := self.Write(self.paster, self.paste)
		self.check(status, "paste")
		self.paste = self.paste[accepted:]
	}
}

func (self *trace) startWatch() {
	self.fifo.Close()
	must(os.WriteFile(filepath.Join(self.folder, "old"), []byte("old"), 0o666))
	root := (*C.orch_bytes)(C.calloc(1, C.sizeof_orch_bytes))
	*root = lend(self.folder)
	options := C.orch_watch_options{size: C.sizeof_orch_watch_options, roots: root, root_count: 1}
	options.flags = C.ORCH_WATCH_NO_GITIGNORE // so that nobody who makes files in /tmp wakes us
	self.check(C.orch_watch_add(self.engine, &options, &self.watch), "watch")
	C.free(root.data)
	C.free(unsafe.Pointer(root))
}

// Everything up to this step has been reported.
func (self *trace) synced(tag int) {
	draft := filepath.Join(self.folder, "sub", "draft")
	switch tag {
	case 0:
		must(os.Mkdir(filepath.Dir(draft), 0o777))
		must(os.WriteFile(draft, []byte("one"), 0o666))
	case 1:
		file, err := os.OpenFile(draft, os.O_APPEND|os.O_WRONLY, 0)
		must(err)
		file.WriteString(" and two")
		must(file.Close())
	case 2:
		must(os.Rename(draft, filepath.Join(self.folder, "sub", "final")))
	case 3:
		must(os.Remove(filepath.Join(self.folder, "old")))
	default:
		self.printTree()
		self.step = quiet
		return
	}
	self.check(C.orch_watch_sync(self.engine, self.watch, C.uint64_t(tag+1)), "sync")
}

func (self *trace) relative(path C.orch_bytes) string {
	name, err := filepath.Rel(self.folder, text(path))
	must(err)
	return name
}

func (self *trace) batch(batch *C.orch_event_watch_batch) {
	kinds := []string{"", "create", "modify", "metadata", "touch", "delete", "rename"}
	for i := C.size_t(0); i < batch.event_count; i++ {
		event := (*C.orch_file_event)(C.orch_element_at(unsafe.Pointer(batch.events), batch.event_stride, i))
		from := ""
		if event.kind == C.ORCH_FILE_EVENT_RENAME {
			from = self.relative(event.from) + " to "
		}
		fmt.Printf("watch: %s %s%s\n", kinds[event.kind], from, self.relative(event.path))
	}
}

func (self *trace) printTree() {
	var cursor C.orch_file_cursor
	changes := C.orch_file_changes{size: C.sizeof_orch_file_changes}
	self.check(C.orch_watch_get_changes(self.engine, self.watch, &cursor, 0, &changes), "tree")
	for _, kind := range []C.orch_file_type{C.ORCH_FILE_TYPE_DIRECTORY, C.ORCH_FILE_TYPE_FILE} {
		for i := C.size_t(0); i < changes.entry_count; i++ {
			entry := (*C.orch_file_entry)(C.orch_element_at(unsafe.Pointer(changes.entries), changes.entry_stride, i))
			if entry.file_type != kind {
				continue
			}
			size := ""
			if kind == C.ORCH_FILE_TYPE_FILE {
				size = fmt.Sprintf(" %d bytes", entry.bytes)
			}
			fmt.Printf("tree: %s%s\n", self.relative(entry.path), size)
		}
	}
}

func (self *trace) mayIdle() {
	var timeout C.int32_t
	self.check(C.orch_engine_get_timeout(self.engine, &timeout), "timeout")
	if timeout >= 0 && time.Duration(timeout)*time.Millisecond <= 2*idle {
		return // what has just been done may have left a timer or two
	}
	self.step = idling
	time.AfterFunc(idle, func() { self.Call(self.idleOver) })
}

// The call that brought this here was the one wake.
func (self *trace) idleOver() {
	fmt.Printf("idle: %d wakes\n", self.wakes-1)
	_, status := self.Write(self.script, []byte("x"))
	fmt.Println("stale id:", C.GoString(C.orch_status_get_name(status)))
	self.step = busy
	self.check(C.orch_engine_shutdown(self.engine, 5000), "shutdown")
}

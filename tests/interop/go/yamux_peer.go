// A peer of channels by hashicorp's yamux, as Debian has it.
//
//	yamux_peer client|server HOST:PORT JOB [NUMBER]
//
// As a server it says where it listens. The jobs, of which all but the first three end by a channel q:
//
//	serve     answers channels that the other side opens, until the session ends
//	refuse    takes none of them
//	told      opens channels e and g, and sees that the other side goes away
//	echo      opens NUMBER channels e, and only then uses them
//	bulk      sends NUMBER bytes on a channel c, and small bodies on a channel e: the last byte goes when ten came back
//	farewell  sends NUMBER bytes on a channel f, behind the other side's end of it
//	half      ends its own direction of a channel h behind NUMBER bytes, and reads the answer
//	reset     resets a channel w
//	be-reset  opens a channel r
//	ping      asks NUMBER times
//	leave     goes away while it has a channel e
//
// What a channel is for is told by its first byte, to both sides alike:
//
//	e  everything that follows comes back
//	c  8 bytes, a length N; then N bytes of the pattern; "right" comes back
//	h  the pattern up to the end; then its size in decimal comes back
//	f  "farewell" and the end come at once; the pattern that follows is heard all the same
//	r  is reset at once
//	w  "waiting" comes back; then it waits to be reset
//	g  the session is told that its peer is going away; then "gone" comes back
//	q  the peer is through: the session is closed in order
//
// This release cannot read a channel that it has closed, and cannot reset one: the jobs half and reset and the channels
// f and r are for others. Channels g and q are for the tests alone.
package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log"
	"math"
	"net"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/hashicorp/yamux"
)

const timeOut = 15 * time.Second

// The pattern: byte number i of a body with number n is (n + i) % 251.
var pattern = func() []byte {
	bytes := make([]byte, 1<<18)
	for i := range bytes {
		bytes[i] = byte(i % 251)
	}
	return bytes
}()

// A piece of the pattern from byte number `at` on, of `size` bytes at most.
func piece(at uint64, size uint64) []byte {
	from := at % 251
	most := uint64(len(pattern)) - from
	if size < most {
		most = size
	}
	return pattern[from : from+most]
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func demand(is bool, what string, args ...interface{}) {
	if !is {
		log.Fatalf(what, args...)
	}
}

// --- channels that the other side has opened ---

func echo(stream *yamux.Stream) {
	_, err := io.Copy(stream, stream)
	check(err)
}

// Takes so many bytes of the pattern, or what there is up to the end. How many it were.
func takePattern(stream *yamux.Stream, size uint64) uint64 {
	part := make([]byte, 1<<17)
	at := uint64(0)
	for at < size {
		n, err := stream.Read(part)
		for from := 0; from < n; {
			wanted := piece(at, uint64(n-from))
			demand(bytes.Equal(part[from:from+len(wanted)], wanted), "wrong bytes after %d", at)
			from += len(wanted)
			at += uint64(len(wanted))
		}
		if err == io.EOF {
			break
		}
		check(err)
	}
	return at
}

func countPattern(stream *yamux.Stream) {
	var size uint64
	check(binary.Read(stream, binary.BigEndian, &size))
	count := takePattern(stream, size)
	demand(count == size, "%d bytes instead of %d", count, size)
	_, err := stream.Write([]byte("right"))
	check(err)
}

func sizeToTheEnd(stream *yamux.Stream) {
	_, err := fmt.Fprint(stream, takePattern(stream, math.MaxUint64))
	check(err)
}

func waitForReset(stream *yamux.Stream) {
	_, err := stream.Write([]byte("waiting"))
	check(err)
	_, err = io.Copy(io.Discard, stream)
	demand(err == yamux.ErrConnectionReset, "the end is %v and no reset", err)
	fmt.Println("was reset")
}

func answer(stream *yamux.Stream) {
	defer stream.Close()
	var kind [1]byte
	_, err := io.ReadFull(stream, kind[:])
	check(err)
	switch kind[0] {
	case 'e':
		echo(stream)
	case 'c':
		countPattern(stream)
	case 'h':
		sizeToTheEnd(stream)
	case 'w':
		waitForReset(stream)
	default:
		log.Fatalf("no channel is for %q here", kind)
	}
}

func serve(session *yamux.Session) {
	var answering sync.WaitGroup
	defer answering.Wait()
	for {
		stream, err := session.AcceptStream()
		if err != nil {
			return
		}
		answering.Add(1)
		go func() {
			defer answering.Done()
			answer(stream)
		}()
	}
}

// --- channels that this side opens ---

func open(session *yamux.Session, kind string) *yamux.Stream {
	stream, err := session.OpenStream()
	check(err)
	check(stream.SetDeadline(time.Now().Add(timeOut)))
	_, err = stream.Write([]byte(kind))
	check(err)
	return stream
}

func expect(stream *yamux.Stream, wanted []byte) {
	got := make([]byte, len(wanted))
	_, err := io.ReadFull(stream, got)
	check(err)
	demand(bytes.Equal(got, wanted), "other bytes came back than the %d that were sent", len(wanted))
}

func expectEnd(stream *yamux.Stream) {
	n, err := stream.Read(make([]byte, 1))
	demand(n == 0 && err == io.EOF, "%d bytes and %v instead of the end", n, err)
}

func roundTrip(stream *yamux.Stream, body []byte) {
	_, err := stream.Write(body)
	check(err)
	expect(stream, body)
}

func sendPattern(stream *yamux.Stream, size uint64) {
	for at := uint64(0); at < size; {
		part := piece(at, size-at)
		_, err := stream.Write(part)
		check(err)
		at += uint64(len(part))
	}
}

// A channel that is through on both sides goes, and its number with it.
func untilNoChannelIsLeft(session *yamux.Session) {
	end := time.Now().Add(timeOut)
	for session.NumStreams() > 0 {
		demand(time.Now().Before(end), "%d channels are left", session.NumStreams())
		time.Sleep(time.Millisecond)
	}
}

func quit(session *yamux.Session) {
	open(session, "q").Close()
	select {
	case <-session.CloseChan():
	case <-time.After(timeOut):
		log.Fatal("the other side does not close the session")
	}
}

func echoAll(session *yamux.Session, count uint64) {
	var streams []*yamux.Stream
	for i := uint64(0); i < count; i++ {
		stream, err := session.OpenStream()
		check(err)
		streams = append(streams, stream)
	}
	for i, stream := range streams {
		_, err := stream.Write(append([]byte("e"), piece(uint64(i), uint64(i*3%3001))...))
		check(err)
	}
	for i, stream := range streams {
		check(stream.SetDeadline(time.Now().Add(timeOut)))
		expect(stream, piece(uint64(i), uint64(i*3%3001)))
	}
	for _, stream := range streams {
		check(stream.Close())
	}
	untilNoChannelIsLeft(session)
}

// The last byte goes when ten small answers have come.
func bulk(session *yamux.Session, size uint64) {
	var small sync.WaitGroup
	small.Add(1)
	go func() {
		defer small.Done()
		stream := open(session, "e")
		defer stream.Close()
		for i := uint64(0); i < 10; i++ {
			roundTrip(stream, piece(i, 100))
		}
	}()
	stream := open(session, "c")
	defer stream.Close()
	check(binary.Write(stream, binary.BigEndian, size))
	sendPattern(stream, size-1)
	small.Wait()
	_, err := stream.Write(piece(size-1, 1))
	check(err)
	expect(stream, []byte("right"))
}

// The other side has ended its direction, and hears this one's.
func farewell(session *yamux.Session, size uint64) {
	stream := open(session, "f")
	expect(stream, []byte("farewell"))
	expectEnd(stream)
	sendPattern(stream, size)
	check(stream.Close())
	untilNoChannelIsLeft(session)
}

func beReset(session *yamux.Session) {
	stream := open(session, "r")
	_, err := stream.Read(make([]byte, 1))
	demand(err == yamux.ErrConnectionReset, "the end is %v and no reset", err)
}

func ping(session *yamux.Session, count uint64) {
	for i := uint64(0); i < count; i++ {
		_, err := session.Ping()
		check(err)
	}
}

// Goes away: what is open goes on.
func leave(session *yamux.Session) {
	stream := open(session, "e")
	roundTrip(stream, piece(0, 1000))
	check(session.GoAway())
	roundTrip(stream, piece(1, 1000))
	check(stream.Close())
}

// Is told that the other side goes away.
func told(session *yamux.Session) {
	stream := open(session, "e")
	roundTrip(stream, piece(0, 1000))
	last := open(session, "g")
	expect(last, []byte("gone"))
	_, err := session.OpenStream()
	demand(errors.Is(err, yamux.ErrRemoteGoAway), "opening ends with %v", err)
	roundTrip(stream, piece(1, 1000))
	check(stream.Close())
	check(last.Close())
	untilNoChannelIsLeft(session)
}

func do(session *yamux.Session, job string, number uint64) {
	switch job {
	case "serve":
		serve(session)
		return
	case "refuse":
		<-session.CloseChan()
		return
	case "told":
		told(session)
		check(session.Close())
		return
	case "echo":
		echoAll(session, number)
	case "bulk":
		bulk(session, number)
	case "farewell":
		farewell(session, number)
	case "be-reset":
		beReset(session)
	case "ping":
		ping(session, number)
	case "leave":
		leave(session)
	default:
		log.Fatalf("no job is called %q", job)
	}
	quit(session)
}

func connection(role string, address string) net.Conn {
	if role == "client" {
		conn, err := net.DialTimeout("tcp", address, timeOut)
		check(err)
		return conn
	}
	listener, err := net.Listen("tcp", address)
	check(err)
	fmt.Fprintln(os.Stderr, "listening on", listener.Addr())
	conn, err := listener.Accept()
	check(err)
	listener.Close()
	return conn
}

func newSession(role string, conn net.Conn, job string) (*yamux.Session, error) {
	config := yamux.DefaultConfig()
	if job == "refuse" {
		config.AcceptBacklog = 1
	}
	if role == "client" {
		return yamux.Client(conn, config)
	}
	return yamux.Server(conn, config)
}

func main() {
	role, address, job := os.Args[1], os.Args[2], os.Args[3]
	number := uint64(0)
	if len(os.Args) > 4 {
		var err error
		number, err = strconv.ParseUint(os.Args[4], 10, 64)
		check(err)
	}
	time.AfterFunc(4*timeOut, func() { log.Fatal("it takes too long") })
	session, err := newSession(role, connection(role, address), job)
	check(err)
	do(session, job, number)
}

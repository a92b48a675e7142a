// A peer of channels by libp2p's yamux for JavaScript.
//
//   yamux_peer.mjs client|server HOST:PORT JOB [NUMBER]
//
// What the jobs are, and what channels are for by their first byte, is told in ../go/yamux_peer.go. This one can do all.
import { strict as assert } from 'node:assert'
import net from 'node:net'
import { PassThrough } from 'node:stream'
import { yamux } from '@chainsafe/libp2p-yamux'
import { defaultLogger } from '@libp2p/logger'

const TIME_OUT = 15_000

// The pattern: byte number i of a body with number n is (n + i) % 251.
const PATTERN = Buffer.from(Array.from({ length: 1 << 18 }, (_, i) => i % 251))

// A piece of the pattern from byte number `at` on, of `size` bytes at most.
function piece (at, size) {
  const from = at % 251
  return PATTERN.subarray(from, Math.min(from + size, PATTERN.length))
}

// One channel, read by so many bytes and written at any time.
class Talk {
  constructor (stream) {
    this.stream = stream
    this.chunks = stream.source[Symbol.asyncIterator]()
    this.unread = Buffer.alloc(0)
    this.out = new PassThrough()
    this.written = stream.sink(this.out)
    this.written.catch(() => {}) // told by `finish`
  }

  // What has come: null at the end.
  async some () {
    const { value, done } = await this.chunks.next()
    return done ? null : Buffer.from(value.subarray())
  }

  async read (size) {
    while (this.unread.length < size) {
      const chunk = await this.some()
      assert(chunk !== null, `the end comes after ${this.unread.length} of ${size} bytes`)
      this.unread = Buffer.concat([this.unread, chunk])
    }
    const read = this.unread.subarray(0, size)
    this.unread = this.unread.subarray(size)
    return read
  }

  async * rest () {
    if (this.unread.length > 0) yield this.unread
    for (let chunk = await this.some(); chunk !== null; chunk = await this.some()) yield chunk
  }

  // Takes so many bytes of the pattern, or what there is up to the end. How many it were.
  async takePattern (size) {
    let at = 0
    const take = (chunk) => {
      for (let from = 0; from < chunk.length;) {
        const wanted = piece(at, chunk.length - from)
        assert(wanted.equals(chunk.subarray(from, from + wanted.length)), `wrong bytes after ${at}`)
        from += wanted.length
        at += wanted.length
      }
    }
    take(this.unread)
    this.unread = Buffer.alloc(0)
    while (at < size) {
      const chunk = await this.some()
      if (chunk === null) break
      take(chunk)
    }
    return at
  }

  async sendPattern (size) {
    for (let at = 0; at < size;) {
      const part = piece(at, size - at)
      await this.write(part)
      at += part.length
    }
  }

  async expectEnd () { assert.equal(await this.some(), null) }

  async expect (wanted) {
    assert((await this.read(wanted.length)).equals(Buffer.from(wanted)), 'other bytes came back than were sent')
  }

  async write (bytes) {
    if (!this.out.write(bytes)) await new Promise((resolve) => this.out.once('drain', resolve))
  }

  async roundTrip (body) {
    await this.write(body)
    await this.expect(body)
  }

  // Ends this side's direction.
  async finish () {
    this.out.end()
    await this.written
  }

  // Until the other side has ended too.
  async close () {
    await this.finish()
    await this.expectEnd()
  }

  reset () { this.stream.abort(new Error('as the job is')) }

  async untilReset () {
    await assert.rejects(this.some(), { name: 'StreamResetError' })
  }
}

// --- channels that the other side has opened ---

async function countPattern (talk) {
  const size = Number((await talk.read(8)).readBigUInt64BE())
  assert.equal(await talk.takePattern(size), size)
  await talk.write('right')
}

const SERVICES = {
  async e (talk) { for await (const chunk of talk.rest()) await talk.write(chunk) },
  c: countPattern,
  async h (talk) { await talk.write(String(await talk.takePattern(Infinity))) },
  async f (talk) {
    await talk.write('farewell')
    await talk.finish()
    console.log(`heard ${await talk.takePattern(Infinity)}`)
  },
  async r (talk) { talk.reset() },
  async w (talk) {
    await talk.write('waiting')
    await talk.untilReset()
    console.log('was reset')
  }
}

async function answer (stream) {
  const talk = new Talk(stream)
  const kind = (await talk.read(1)).toString()
  await SERVICES[kind](talk)
  if (stream.status === 'open') await talk.finish()
}

// --- channels that this side opens ---

async function open (muxer, kind) {
  const talk = new Talk(await muxer.newStream())
  await talk.write(kind)
  return talk
}

async function echoAll (muxer, count) {
  const streams = []
  for (let i = 0; i < count; i++) streams.push(await muxer.newStream())
  const talks = streams.map((stream) => new Talk(stream))
  const body = (i) => piece(i, i * 3 % 3001)
  await Promise.all(talks.map((talk, i) => talk.write(Buffer.concat([Buffer.from('e'), body(i)]))))
  await Promise.all(talks.map((talk, i) => talk.expect(body(i))))
  await Promise.all(talks.map((talk) => talk.close()))
}

// The last byte goes when ten small answers have come.
async function bulk (muxer, size) {
  const small = await open(muxer, 'e')
  const answers = (async () => {
    for (let i = 0; i < 10; i++) await small.roundTrip(piece(i, 100))
    await small.close()
  })()
  const talk = await open(muxer, 'c')
  const length = Buffer.alloc(8)
  length.writeBigUInt64BE(BigInt(size))
  await talk.write(length)
  await talk.sendPattern(size - 1)
  await answers
  await talk.write(piece(size - 1, 1))
  await talk.expect('right')
  await talk.close()
}

// Ends its direction first.
async function half (muxer, size) {
  const talk = await open(muxer, 'h')
  await talk.sendPattern(size)
  await talk.finish()
  await talk.expect(String(size))
  await talk.expectEnd()
}

async function farewell (muxer, size) {
  const talk = await open(muxer, 'f')
  await talk.expect('farewell')
  await talk.expectEnd()
  await talk.sendPattern(size)
  await talk.finish()
}

async function reset (muxer) {
  const talk = await open(muxer, 'w')
  await talk.expect('waiting')
  talk.reset()
}

async function beReset (muxer) {
  const talk = await open(muxer, 'r')
  await talk.untilReset()
}

async function ping (muxer, count) {
  for (let i = 0; i < count; i++) await muxer.ping()
}

// Closes the muxer, which says that it goes away.
async function leave (muxer) {
  const talk = await open(muxer, 'e')
  await talk.roundTrip(piece(0, 1000))
  await talk.close()
  await muxer.close()
}

// To be told that the other side goes away is the end of all channels here.
async function told (muxer) {
  const talk = await open(muxer, 'e')
  await talk.roundTrip(piece(0, 1000))
  const last = await open(muxer, 'g')
  await Promise.all([talk.untilReset(), last.untilReset()])
  assert.throws(() => muxer.newStream(), { name: 'MuxerClosedError' })
}

async function quit (muxer) {
  const talk = await open(muxer, 'q')
  await talk.finish()
}

const JOBS = { echo: echoAll, bulk, half, farewell, reset, 'be-reset': beReset, ping }
const LAST_JOBS = { leave, told, serve: () => {}, refuse: () => {} }

// --- the connection ---

function connected (role, address) {
  const [host, port] = address.split(':')
  return new Promise((resolve, reject) => {
    if (role === 'client') {
      const socket = net.connect(Number(port), host, () => resolve(socket))
      socket.on('error', reject)
      return
    }
    const server = net.createServer((socket) => {
      server.close()
      resolve(socket)
    })
    server.listen(Number(port), host, () => console.error(`listening on ${host}:${server.address().port}`))
  })
}

async function writeTo (socket, source) {
  for await (const chunk of source) {
    if (!socket.write(chunk.subarray())) await new Promise((resolve) => socket.once('drain', resolve))
  }
  socket.end()
}

function fail (error) {
  console.error(error)
  process.exit(1)
}

async function main (role, address, job, number) {
  setTimeout(() => fail(new Error('it takes too long')), 4 * TIME_OUT).unref()
  const socket = await connected(role, address)
  const muxer = yamux(job === 'refuse' ? { maxInboundStreams: 0 } : {})({ logger: defaultLogger() }).createStreamMuxer({
    direction: role === 'client' ? 'outbound' : 'inbound',
    onIncomingStream: (stream) => { answer(stream).catch(fail) }
  })
  const session = Promise.all([muxer.sink(socket), writeTo(socket, muxer.source)])
  session.catch(fail)
  if (job in JOBS) {
    await JOBS[job](muxer, number)
    await quit(muxer)
  } else {
    await LAST_JOBS[job](muxer)
  }
  await session
}

const [role, address, job, number] = process.argv.slice(2)
main(role, address, job, Number(number)).catch(fail)

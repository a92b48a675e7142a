// A peer of parley::Socket for web pages, in one file without dependencies: aiomsg frames inside WebSocket.
//
//   const peer = new AiomsgPeer("ws://localhost:25000", {
//     onMessage: (bytes, sender) => console.log(new TextDecoder().decode(bytes)),
//   });
//   peer.send("hello");                                   // at most once; kept while there is no connection
//   await peer.sendConfirmed("important");                // again and again, until the other side has acknowledged it
//
// It dials again by itself whenever the connection is lost, until close(). A message that comes with a request for an
// acknowledgement is acknowledged when onMessage has returned; if that throws, it is not, and comes again.
//
// The bytes are those of docs/protocols/aiomsg.md.
"use strict";

class AiomsgPeer {
  static HELLO = 1;
  static HEARTBEAT = 2;
  static DATA = 3;
  static DATA_REQ = 4;
  static ACK = 5;

  // Times in milliseconds, sizes in bytes.
  static defaults = {
    identity: null,                // 16 bytes; null: random
    heartbeatInterval: 5000,       // a heartbeat after this long without sending
    silenceMax: 15000,             // a peer that has been silent for this long is taken for dead
    resendAfter: 5000,             // an unacknowledged message is sent again after this long
    sentMax: 6,                    // and given up after so many times
    retryMin: 50,                  // before dialling again; doubles up to
    retryMax: 10000,
    messageSizeMax: 64 << 20,
    keptMax: 1000,                 // messages that wait for a connection or an acknowledgement, each
    duplicatesMax: 1000,           // ids of received messages that are remembered
    onMessage: (bytes, sender) => {},
    onUp: identity => {},          // greeted: messages can pass
    onDown: reason => {},          // and cannot any more
  };

  constructor(url, options = {}) {
    Object.assign(this, AiomsgPeer.defaults, options);
    this.url = url;
    this.identity ??= crypto.getRandomValues(new Uint8Array(16));
    this.kept = [];                // frames that wait for a connection
    this.outstanding = new Map();  // id (text) to a message that wants to be acknowledged
    this.seen = new Set();         // ids of received messages
    this.failures = 0;
    this.timer = setInterval(() => this.#tick(), Math.max(1, Math.min(this.heartbeatInterval, this.resendAfter) / 5));
    this.#dial();
  }

  get isUp() { return this.peerIdentity != null; }

  // Bytes that the browser has not sent yet: who sends much looks at it before sending more.
  get queuedSize() { return this.socket ? this.socket.bufferedAmount : 0; }

  send(payload) {
    this.#requireOpen();
    const frame = AiomsgPeer.#frame(AiomsgPeer.DATA, AiomsgPeer.#bytes(payload));
    if (this.isUp) return this.#write(frame);
    if (this.kept.length >= this.keptMax) throw new Error(`${this.keptMax} messages wait for a connection already`);
    this.kept.push(frame);
  }

  async sendConfirmed(payload) {
    this.#requireOpen();
    if (this.outstanding.size >= this.keptMax) throw new Error(`${this.keptMax} messages are not acknowledged yet`);
    return new Promise((resolve, reject) => {
      const id = crypto.getRandomValues(new Uint8Array(16));
      const frame = AiomsgPeer.#frame(AiomsgPeer.DATA_REQ, id, AiomsgPeer.#bytes(payload));
      const message = { frame, resolve, reject, sentCount: 0, sentAt: 0 };
      this.outstanding.set(AiomsgPeer.#hex(id), message);
      if (this.isUp) this.#writeRequest(message);
    });
  }

  // What the browser has is still sent; what waits is not, and confirmations that are waited for fail.
  close() {
    clearInterval(this.timer);
    clearTimeout(this.redial);
    this.isClosed = true;
    this.#hangUp("closed");
    for (const message of this.outstanding.values()) message.reject(new Error("the peer was closed"));
    this.outstanding.clear();
    this.kept = [];
  }

  #requireOpen() {
    if (this.isClosed) throw new Error("the peer was closed");
  }

  // --- the connection ---

  #dial() {
    const socket = new WebSocket(this.url);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    this.pieces = [];              // received, and not yet a whole frame
    this.unreadSize = 0;
    this.wantedSize = 4;
    this.lastHeard = performance.now();
    socket.onopen = () => this.#write(
        AiomsgPeer.#frame(AiomsgPeer.HELLO, new Uint8Array([1]), this.identity));
    socket.onmessage = event => this.#read(event.data);
    socket.onclose = event => this.#lose(`the connection was closed with code ${event.code}`);
  }

  // Lets go of the connection; what still comes from it is nothing to us.
  #hangUp(reason) {
    const socket = this.socket;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(1000);
    this.socket = null;
    const wasUp = this.isUp;
    this.peerIdentity = null;
    if (wasUp) this.onDown(reason);
  }

  #lose(reason) {
    this.#hangUp(reason);
    if (this.isClosed) return;
    // Not all at once, when many have lost the same server.
    const bound = Math.min(this.retryMin * 2 ** this.failures++, this.retryMax);
    this.redial = setTimeout(() => this.#dial(), bound / 2 + Math.random() * bound / 2);
  }

  #tick() {
    const now = performance.now();
    if (this.socket && now - this.lastHeard >= this.silenceMax) return this.#lose("the peer is silent");
    if (!this.isUp) return;
    for (const [id, message] of this.outstanding) {
      if (now - message.sentAt < this.resendAfter) continue;
      if (message.sentCount < this.sentMax) {
        this.#writeRequest(message);
      } else {
        this.outstanding.delete(id);
        message.reject(new Error(`sent ${message.sentCount} times and not acknowledged`));
      }
    }
    if (now - this.lastSent >= this.heartbeatInterval) this.#write(AiomsgPeer.#frame(AiomsgPeer.HEARTBEAT));
  }

  #write(frame) {
    this.lastSent = performance.now();
    this.socket.send(frame);
  }

  #writeRequest(message) {
    message.sentAt = performance.now();
    ++message.sentCount;
    this.#write(message.frame);
  }

  // --- what comes ---

  // WebSocket messages are pieces of a stream of bytes: where they begin and end means nothing.
  #read(piece) {
    this.lastHeard = performance.now();
    this.pieces.push(new Uint8Array(piece));
    this.unreadSize += piece.byteLength;
    while (this.socket && this.unreadSize >= this.wantedSize) {
      const unread = AiomsgPeer.#joined(this.pieces, this.unreadSize);
      const length = new DataView(unread.buffer, unread.byteOffset).getUint32(0);
      if (length > this.messageSizeMax + 17) return this.#lose(`the peer announced ${length} bytes`);
      const isWhole = unread.length >= 4 + length;
      const rest = isWhole ? unread.subarray(4 + length) : unread;
      this.pieces = [rest];
      this.unreadSize = rest.length;
      this.wantedSize = isWhole ? 4 : 4 + length;
      if (!isWhole || length === 0) continue;
      try {
        this.#take(unread[4], unread.subarray(5, 4 + length));
      } catch (error) {
        reportError(error);        // of onMessage and the like: not for the frames behind to suffer from
      }
    }
  }

  #take(type, body) {
    if (!this.isUp) return this.#greet(type, body);
    switch (type) {
      case AiomsgPeer.DATA: return this.onMessage(body.slice(), this.peerIdentity);
      case AiomsgPeer.DATA_REQ: return this.#takeRequest(body);
      case AiomsgPeer.ACK: return this.#takeAcknowledgement(AiomsgPeer.#hex(body));
    }  // a heartbeat needs no answer, and what is unknown is passed over
  }

  #greet(type, body) {
    if (type !== AiomsgPeer.HELLO || body.length !== 17 || body[0] !== 1) return this.#lose("that is no greeting");
    this.peerIdentity = body.slice(1);
    this.failures = 0;
    for (const frame of this.kept.splice(0)) this.#write(frame);
    for (const message of this.outstanding.values()) this.#writeRequest(message);
    this.onUp(this.peerIdentity);
  }

  #takeRequest(body) {
    if (body.length < 16) return this.#lose("a request without an id");
    const id = body.slice(0, 16);
    const key = AiomsgPeer.#hex(id);
    const sender = this.peerIdentity;
    if (!this.seen.has(key)) this.onMessage(body.slice(16), sender);
    this.seen.add(key);
    if (this.seen.size > this.duplicatesMax) this.seen.delete(this.seen.values().next().value);  // the oldest
    if (this.isUp) this.#write(AiomsgPeer.#frame(AiomsgPeer.ACK, id));
  }

  #takeAcknowledgement(key) {
    const message = this.outstanding.get(key);
    this.outstanding.delete(key);
    message?.resolve();
  }

  // --- bytes ---

  static #bytes(payload) {
    return typeof payload === "string" ? new TextEncoder().encode(payload) : new Uint8Array(payload);
  }

  static #frame(type, ...parts) {
    const length = parts.reduce((sum, part) => sum + part.length, 1);
    const frame = new Uint8Array(4 + length);
    new DataView(frame.buffer).setUint32(0, length);
    frame[4] = type;
    let at = 5;
    for (const part of parts) {
      frame.set(part, at);
      at += part.length;
    }
    return frame;
  }

  static #joined(pieces, size) {
    if (pieces.length === 1) return pieces[0];
    const all = new Uint8Array(size);
    let at = 0;
    for (const piece of pieces) {
      all.set(piece, at);
      at += piece.length;
    }
    return all;
  }

  static #hex(bytes) { return Array.from(bytes, byte => byte.toString(16).padStart(2, "0")).join(""); }
}

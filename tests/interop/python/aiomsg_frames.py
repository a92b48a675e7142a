"""The frames of the aiomsg protocol as docs/protocols/aiomsg.md has them, each made here byte by byte."""

import struct


def framed(envelope):
    return struct.pack(">I", len(envelope)) + envelope


class Version1:
    heartbeat = framed(b"\x02")

    @staticmethod
    def hello(identity):
        return framed(b"\x01\x01" + identity)

    @staticmethod
    def data(payload):
        return framed(b"\x03" + payload)

    @staticmethod
    def request(message_id, payload):
        return framed(b"\x04" + message_id + payload)

    @staticmethod
    def acknowledgement(message_id):
        return framed(b"\x05" + message_id)

    @staticmethod
    def identity_in(hello):
        return hello[6:]

    @staticmethod
    def id_in(request):
        return request[5:21]


class Legacy:
    heartbeat = framed(b"aiomsg-heartbeat")

    @staticmethod
    def hello(identity):
        return framed(identity)

    @staticmethod
    def data(payload):
        return framed(payload)

    @staticmethod
    def request(message_id, payload):
        return framed(message_id + b"\x00REQ\x00" + payload)

    @staticmethod
    def acknowledgement(message_id):
        return framed(message_id + b"\x00REP\x00")

    @staticmethod
    def identity_in(hello):
        return hello[4:]

    @staticmethod
    def id_in(request):
        return request[4:20]

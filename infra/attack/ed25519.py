"""Ed25519 by RFC 8032, section 5.1: slow and plain, to sign forgeries with a key of the attacker's own."""

import hashlib

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def _x(y, sign):
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P)
    x = pow(square, (P + 3) // 8, P)
    x = x if (x * x - square) % P == 0 else x * ROOT % P
    return P - x if x & 1 != sign else x


def _add(a, b):
    """Adds points as (X, Y, Z, T) by 5.1.4, which needs no division."""
    low, high = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    c, d = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = high - low, d - c, d + c, high + low
    return e * f % P, g * h % P, f * g % P, e * h % P


Y = 4 * pow(5, P - 2, P) % P
BASE = (_x(Y, 0), Y, 1, _x(Y, 0) * Y % P)


def _times(number, point):
    result = (0, 1, 1, 0)
    while number:
        result = _add(result, point) if number & 1 else result
        point, number = _add(point, point), number >> 1
    return result


def _written(point):
    unit = pow(point[2], P - 2, P)
    x, y = point[0] * unit % P, point[1] * unit % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _hash(*parts):
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little")


class Key:
    """A key pair made of 32 bytes."""

    def __init__(self, seed):
        digest = hashlib.sha512(seed).digest()
        self.secret = int.from_bytes(digest[:32], "little") & ((1 << 254) - 8) | (1 << 254)
        self.prefix = digest[32:]
        self.public = _written(_times(self.secret, BASE))

    def sign(self, message):
        number = _hash(self.prefix, message) % L
        point = _written(_times(number, BASE))
        rest = (number + _hash(point, self.public, message) * self.secret) % L
        return point + rest.to_bytes(32, "little")


def assert_right():
    """The first test vector of RFC 8032, 7.1: an attack with a wrong signature would prove nothing."""
    key = Key(bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"))
    assert key.public.hex() == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    assert key.sign(b"").hex().startswith("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155")

"""The jars of the light mode: ImageJ 1.54p, and what Fiji's scripts need of SciJava."""

from __future__ import annotations

from electrodej.jars import Jar

IMAGEJ = Jar(
    "net.imagej",
    "ij",
    "1.54p",
    "2e1a09961dfb41cee66ddc821b2577a41a072566ce45a49bae69267099741e20",
    2586953,
)
APPOSE = Jar(
    "org.apposed",
    "appose",
    "0.9.0",
    "b09ce4ff9d7a29518bba7ec7903c63d0504159637376506d9b2a3a70ed37b1bc",
    143402,
)
# With everything they need themselves: nothing is resolved when Java starts, so nothing else can come.
SCRIPTING = (
    APPOSE,
    Jar(
        "org.scijava",
        "scijava-common",
        "2.100.1",
        "af53bb31087dd46bfe15645c8b7cc69fe837795516816c60f5be78b9ff0ce6a3",
        952223,
    ),
    Jar(
        "org.scijava",
        "parsington",
        "3.1.0",
        "7943c91a1e62918ea47d0a08f6b5989a8b388e019216441002236528f769c72a",
        47987,
    ),
    Jar(
        "net.java.dev.jna",
        "jna",
        "5.14.0",
        "34ed1e1f27fa896bca50dbc4e99cf3732967cec387a7a0d5e3486c09673fe8c6",
        1878533,
    ),
    Jar(
        "net.java.dev.jna",
        "jna-platform",
        "5.14.0",
        "ae4caceb3840730c2537f9b7fb55a01baba580286b4122951488bcee558c2449",
        1369287,
    ),
    Jar(
        "org.apache.groovy",
        "groovy",
        "4.0.27",
        "c9103813240be47a6c48bcdda7c5ed2e5fc9ecba3251c6ab8122258230a97f9d",
        7713283,
    ),
    Jar(
        "org.apache.groovy",
        "groovy-json",
        "4.0.27",
        "a614690bb526370d4b80ced80e9ecfc9afd59acffed8f72d62f36478978dbd14",
        131788,
    ),
    Jar(
        "org.apache.groovy",
        "groovy-jsr223",
        "4.0.27",
        "4aef825b72b4242f806987e9d1a5f4da721446413fefe2470624ff815dcaf465",
        16832,
    ),
    Jar(
        "org.python",
        "jython-standalone",
        "2.7.4",
        "1fba1769effcc8b19f5e10436bc8274a158ce988559f257927c24c73bb137f3c",
        50453449,
    ),
    Jar(
        "org.apache.ivy",
        "ivy",
        "2.5.2",
        "98428d545ea63cd9a0aaf255caf42cb8cb64fe430dbb5e709aed536d4daeed04",
        1405631,
    ),
    Jar(
        "org.apache.commons",
        "commons-compress",
        "1.20",
        "0aeb625c948c697ea7b205156e112363b59ed5e2551212cd4e460bdb72c7c06e",
        632424,
    ),
)

"""A small SIP answering side of our own: takes calls over UDP, in both laws of G.711.

It answers and hands over; it does not call, register or challenge. What a telephone exchange sends
is read leniently, what goes out follows RFC 3261, 3264, 3515, 4566, 4733 and 6026 to the letter.

    message fields exchange    texts of SIP, one request and its answer
    timers transactions        what arrives twice, what has to be sent again
    sdp negotiation            which sound is agreed on
    ports media talk           sockets; sound in and out; a call stepped every 20 ms
    dialog leg within handover one caller's telephone call from INVITE to BYE
    line endpoint              what the calls share, and who of them a datagram is for
    server settings            the endpoint on a real socket under asyncio
"""

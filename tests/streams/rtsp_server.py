"""An RTSP camera for the system's Python: CLIP PORT USER PASSWORD [udp, or copy: H.264 in MP4 goes out as it is]."""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

clip, port, user, password = sys.argv[1:5]
Gst.init(None)
server = GstRtspServer.RTSPServer(address="127.0.0.1", service=port)
factory = GstRtspServer.RTSPMediaFactory(shared=True)
copied = f"( filesrc location={clip} ! qtdemux ! h264parse config-interval=1 ! rtph264pay name=pay0 pt=96 )"
factory.set_launch(
    copied
    if sys.argv[5:] == ["copy"]
    else f"( filesrc location={clip} ! decodebin ! videoconvert ! x264enc tune=zerolatency speed-preset=ultrafast "
    "key-int-max=10 ! rtph264pay name=pay0 pt=96 )"
)
if sys.argv[5:] == ["udp"]:
    factory.set_protocols(GstRtsp.RTSPLowerTrans.UDP)
if user:
    auth = GstRtspServer.RTSPAuth()
    token = GstRtspServer.RTSPToken()
    token.set_string(GstRtspServer.RTSP_TOKEN_MEDIA_FACTORY_ROLE, "viewer")
    auth.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), token)
    server.set_auth(auth)
    factory.add_role_from_structure(
        Gst.Structure.new_from_string("viewer, media.factory.access=true, media.factory.construct=true")
    )
server.get_mount_points().add_factory("/cam", factory)
server.attach(None)
print("ready", flush=True)
GLib.MainLoop().run()

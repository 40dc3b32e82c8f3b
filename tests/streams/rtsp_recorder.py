"""A recorder for the system's Python: PORT USER PASSWORD NAME …: takes streams at /NAME, shows them at /view/NAME."""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

KIND = "video/x-h264,stream-format=byte-stream,alignment=au"
TAKEN = (
    f"( rtph264depay name=depay0 ! h264parse config-interval=-1 ! {KIND} ! "
    "appsink name=out sync=false emit-signals=true )"
)
SHOWN = (
    f"( appsrc name=in is-live=true format=time do-timestamp=true caps={KIND} ! h264parse config-interval=-1 ! "
    "rtph264pay name=pay0 pt=96 )"
)
port, user, password, *names = sys.argv[1:]
Gst.init(None)
server = GstRtspServer.RTSPServer(address="127.0.0.1", service=port)
# Of one thread a reader that waits for the first picture would hold up the publisher that sends it.
server.get_thread_pool().set_max_threads(-1)
readers = {name: [] for name in names}


def forward(sink, name):
    """Hand a picture to all who read; they begin at a key frame."""
    buffer = sink.emit("pull-sample").get_buffer()
    whole = not buffer.has_flags(Gst.BufferFlags.DELTA_UNIT)
    for reader in readers[name]:
        reader["begun"] = reader["begun"] or whole
        if reader["begun"]:
            copy = buffer.copy_deep()
            copy.pts = copy.dts = Gst.CLOCK_TIME_NONE
            reader["source"].emit("push-buffer", copy)
    return Gst.FlowReturn.OK


def recording(_, media, name):
    media.get_element().get_by_name_recurse_up("out").connect("new-sample", forward, name)


def reading(_, media, name):
    readers[name].append({"source": media.get_element().get_by_name_recurse_up("in"), "begun": False})


if user:
    auth = GstRtspServer.RTSPAuth()
    token = GstRtspServer.RTSPToken()
    token.set_string(GstRtspServer.RTSP_TOKEN_MEDIA_FACTORY_ROLE, "recorder")
    auth.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), token)
    server.set_auth(auth)
for name in names:
    taken = GstRtspServer.RTSPMediaFactory()
    taken.set_transport_mode(GstRtspServer.RTSPTransportMode.RECORD)
    taken.set_latency(0)
    taken.set_launch(TAKEN)
    taken.connect("media-configure", recording, name)
    shown = GstRtspServer.RTSPMediaFactory()
    shown.set_launch(SHOWN)
    shown.connect("media-configure", reading, name)
    for path, factory in ((f"/{name}", taken), (f"/view/{name}", shown)):
        if user:
            factory.add_role_from_structure(
                Gst.Structure.new_from_string("recorder, media.factory.access=true, media.factory.construct=true")
            )
        server.get_mount_points().add_factory(path, factory)
server.attach(None)
print("ready", flush=True)
GLib.MainLoop().run()

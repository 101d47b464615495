"""Decides about scenes. Pure."""

from msgspec import UnsetType

from signaling.contract.ports import RefusedError
from studio.show import commands as c
from studio.show import events as e
from studio.show.checks import kept, new_id, texted, unknown
from studio.show.model import MAX_SCENES, MAX_TITLE, Scene, Show
from studio.show.scenes.compositions import compose, heard

SceneCommand = c.SceneCreate | c.SceneUpdate | c.SceneDelete


def decide_scene(show: Show, command: SceneCommand) -> tuple[e.AnyEvent, ...]:
    if isinstance(command, c.SceneCreate):
        title = texted(command.title, MAX_TITLE)
        id_ = new_id("scene", command.scene, show.scenes, MAX_SCENES, title, "scene")
        canvases = compose(show, command.canvases)
        return (e.SceneCreated(id_, title or id_, canvases, heard(show, command.audio)),)
    scene = scene_of(show, command.scene)
    if isinstance(command, c.SceneDelete):
        if scene.id in (show.preview, show.program):
            raise RefusedError(
                409, "scene.in-use", "The scene is in the preview or on air; take it out there first."
            )
        return (e.SceneDeleted(scene.id),)
    title = kept(command.title, scene.title, MAX_TITLE) or scene.id
    canvases, audio = scene.canvases, scene.audio
    if not isinstance(command.canvases, UnsetType):
        canvases = compose(show, command.canvases)
    if not isinstance(command.audio, UnsetType):
        audio = heard(show, command.audio)
    if (title, canvases, audio) == (scene.title, scene.canvases, scene.audio):
        return ()
    return (e.SceneUpdated(scene.id, title, canvases, audio),)


def scene_of(show: Show, scene: str) -> Scene:
    """Raises RefusedError 404 ``scene.unknown``."""
    if scene not in show.scenes:
        raise unknown("scene", scene)
    return show.scenes[scene]

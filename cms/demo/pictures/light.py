"""The light of an hour: the colours of sky, walls, roofs and ground at that time."""

from __future__ import annotations

from dataclasses import dataclass

from .paper import Colour, colour


@dataclass(frozen=True)
class Light:
    sky: tuple[Colour, ...]
    sun: Colour | None
    cloud: Colour
    hill: tuple[Colour, Colour]
    walls: tuple[Colour, ...]
    roofs: tuple[Colour, ...]
    window: Colour
    leaf: tuple[Colour, ...]
    trunk: Colour
    sea: tuple[Colour, Colour]
    foam: Colour
    sand: Colour
    ground: Colour
    path: Colour
    haze: Colour
    is_dark: bool = False


def colours(*codes: str) -> tuple[Colour, ...]:
    return tuple(colour(code) for code in codes)


DAY = Light(
    sky=colours("#BFE0E2", "#E3EFE6", "#FBF3E2"),
    sun=colour("#FFE3A1"),
    cloud=colour("#FFFDF6"),
    hill=(colour("#A9CDB9"), colour("#86B6A0")),
    walls=colours("#FBEFD9", "#F5DFBC", "#EFD2A8", "#F8E6D0", "#E9DCC6"),
    roofs=colours("#C8452E", "#B83B27", "#D65B3B", "#A93522"),
    window=colour("#6E9AA3"),
    leaf=colours("#5E9C76", "#4C8A68", "#7BB07F", "#3F7A5E"),
    trunk=colour("#7A5640"),
    sea=(colour("#6FB3B5"), colour("#2F8289")),
    foam=colour("#E9F6F2"),
    sand=colour("#F0DBB0"),
    ground=colour("#E7D3AE"),
    path=colour("#F4E6CA"),
    haze=colour("#E8EFE4"),
)
MORNING = Light(
    sky=colours("#A9D3DB", "#F6E4CF", "#FCD9B8"),
    sun=colour("#FFC978"),
    cloud=colour("#FFF3E4"),
    hill=(colour("#BFCDBE"), colour("#92B5A6")),
    walls=colours("#FCEBD2", "#F7DCB9", "#F1CFA6", "#F9E2C9", "#EBD8BF"),
    roofs=colours("#CE5236", "#BE442D", "#DB6A47", "#B03D28"),
    window=colour("#87A8A8"),
    leaf=colours("#6BA27A", "#57906C", "#8AB585", "#4A8165"),
    trunk=colour("#815B43"),
    sea=(colour("#93C3BF"), colour("#4A979A")),
    foam=colour("#FDF3E3"),
    sand=colour("#F3DDB7"),
    ground=colour("#EAD4B0"),
    path=colour("#F7E8CF"),
    haze=colour("#F6E6D2"),
)
DUSK = Light(
    sky=colours("#5C6C93", "#C98B8F", "#F5B37E", "#FBD49C"),
    sun=colour("#FFDD9B"),
    cloud=colour("#E9A98F"),
    hill=(colour("#94788C"), colour("#6C6683")),
    walls=colours("#EBC7A2", "#DFB28C", "#D3A07F", "#E6BD9B", "#CFA98F"),
    roofs=colours("#A93A2B", "#983226", "#B94A35", "#872B22"),
    window=colour("#FFD98A"),
    leaf=colours("#4E7466", "#41655C", "#5F8470", "#355850"),
    trunk=colour("#5A4038"),
    sea=(colour("#A58590"), colour("#4B6480")),
    foam=colour("#FBD9B4"),
    sand=colour("#DDB48C"),
    ground=colour("#C7A384"),
    path=colour("#DDBB98"),
    haze=colour("#EBB089"),
)
NIGHT = Light(
    sky=colours("#14243F", "#1F3A58", "#355970"),
    sun=None,
    cloud=colour("#2B4764"),
    hill=(colour("#1E3A52"), colour("#183047")),
    walls=colours("#4A5570", "#424E69", "#535D77", "#3C4863", "#5B6179"),
    roofs=colours("#7E3436", "#6F2D31", "#8D3C3A", "#61272D"),
    window=colour("#FFD37A"),
    leaf=colours("#23504F", "#1C4446", "#2C5D58", "#173A3E"),
    trunk=colour("#2E2F3D"),
    sea=(colour("#2A5068"), colour("#16334D")),
    foam=colour("#5C8496"),
    sand=colour("#6B6A72"),
    ground=colour("#39455C"),
    path=colour("#4B566C"),
    haze=colour("#2C4A63"),
    is_dark=True,
)
RAIN = Light(
    sky=colours("#8FA6AD", "#B4C4C3", "#D3D8CF"),
    sun=None,
    cloud=colour("#9FB2B6"),
    hill=(colour("#9DB2AE"), colour("#7F9C9A")),
    walls=colours("#E4DCCB", "#D9CDB6", "#CFC0A6", "#DDD2C2", "#C9C2B4"),
    roofs=colours("#A8473A", "#983E33", "#B45543", "#87352D"),
    window=colour("#FFE0A0"),
    leaf=colours("#54806C", "#477160", "#658E77", "#3B6355"),
    trunk=colour("#5F4A3E"),
    sea=(colour("#7FA0A3"), colour("#4A7379")),
    foam=colour("#DDE6E2"),
    sand=colour("#CDBE9F"),
    ground=colour("#A9ADA5"),
    path=colour("#BCC0B7"),
    haze=colour("#C6CFCA"),
)
SNOW = Light(
    sky=colours("#B6C8D4", "#D9E2E4", "#F3EDE4"),
    sun=None,
    cloud=colour("#E9EEEF"),
    hill=(colour("#DCE5E6"), colour("#C3D3D6")),
    walls=colours("#F3E3CC", "#EBD3B3", "#E3C6A3", "#EFDAC5", "#E2D5C4"),
    roofs=colours("#FBFAF6", "#F3F3F0", "#FFFFFF", "#EEF0EF"),
    window=colour("#FFD98A"),
    leaf=colours("#4F7F6C", "#426F5E", "#E9EFEC", "#3A6355"),
    trunk=colour("#6A4E40"),
    sea=(colour("#A5BEC6"), colour("#7B9EA9")),
    foam=colour("#FFFFFF"),
    sand=colour("#EFECE5"),
    ground=colour("#F4F4F0"),
    path=colour("#D9DAD4"),
    haze=colour("#E9EDEC"),
)

LIGHTS = {
    "day": DAY,
    "morning": MORNING,
    "dusk": DUSK,
    "night": NIGHT,
    "rain": RAIN,
    "snow": SNOW,
}

# How node-gyp builds the addon. scripts/library.js finds the installed library and its headers.
{
  "targets": [
    {
      "target_name": "orchflow",
      "sources": [
        "src/addon.c", "src/config.c", "src/engine.c", "src/events.c", "src/host.c", "src/screen.c", "src/terminal.c",
        "src/values.c", "src/watch.c"
      ],
      "include_dirs": ["<!(node scripts/library.js include)"],
      "defines": ["NAPI_VERSION=8"],
      "cflags": ["-std=gnu11", "-Wall", "-Wextra", "-Werror=implicit-function-declaration", "-fvisibility=hidden"],
      "libraries": ["<!@(node scripts/library.js link)"]
    }
  ]
}

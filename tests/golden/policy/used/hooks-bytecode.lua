Lua compiled

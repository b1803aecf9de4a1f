-- A vendor in front of the platform says in its own words that it has no capacity: with a 200, a
-- 400 or a 404, and a sentence. `hooks: {file: hooks/overload.lua, classify: classify}`.
--
-- nil leaves the decision to the platform's table.

local PHRASES = {
    "warming up",
    "no healthy upstream",
    "all replicas are busy",
    "please try again in a few moments",
    "model is not ready",
}

function classify(event)
    local message = event.message
    if not message or event.class == "overloaded" then return nil end
    message = message:lower()
    for _, phrase in ipairs(PHRASES) do
        if message:find(phrase, 1, true) then return "overloaded" end
    end
end

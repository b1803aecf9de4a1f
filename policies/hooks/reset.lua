-- Waits until the rate limit that is used up is filled again, and no other: Anthropic's replies name
-- a reset for requests, for input tokens and for output tokens, and the one that matters is the one
-- whose remaining count is 0. `hooks: {file: hooks/reset.lua, delay: until_reset}`.
--
-- nil leaves the wait to the hint and the backoff.

local LIMITS = {"requests", "input-tokens", "output-tokens", "tokens"}
local PREFIX = "anthropic-ratelimit-"

-- Days since 1970-01-01 of a date in the Gregorian calendar.
local function days(year, month, day)
    if month <= 2 then year = year - 1 end
    local era = year // 400
    local year_of_era = year - era * 400
    local day_of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return era * 146097 + year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year - 719468
end

-- "2026-01-01T00:00:12Z" → seconds since 1970, or nil (RFC 3339, UTC).
local function instant(text)
    local y, mo, d, h, mi, s = text:match("^(%d%d%d%d)%-(%d%d)%-(%d%d)[Tt ](%d%d):(%d%d):(%d%d%.?%d*)[Zz]$")
    if not y then return nil end
    local date = days(tonumber(y), tonumber(mo), tonumber(d))
    return date * 86400 + tonumber(h) * 3600 + tonumber(mi) * 60 + tonumber(s)
end

function until_reset(context)
    if context.class ~= "rate_limited" then return nil end
    local headers, latest = context.headers, nil
    for _, limit in ipairs(LIMITS) do
        local reset = headers[PREFIX .. limit .. "-reset"]
        if headers[PREFIX .. limit .. "-remaining"] == "0" and reset then
            local at = instant(reset)
            if at and at > context.now and (not latest or at > latest) then latest = at end
        end
    end
    return latest and latest - context.now
end

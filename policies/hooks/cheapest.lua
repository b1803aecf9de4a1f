-- Takes the cheapest provider that has what the work needs.
-- `hooks: {file: hooks/cheapest.lua, choose: cheapest}`; both tables are yours to change.

-- Dollars for a million input tokens; a provider that is not named here is not taken.
local COST = {anthropic = 5.00, bedrock = 5.50, vertex = 4.50, foundry = 5.25}

-- Features that must be supported whole.
local REQUIRED = {"prompt_cache"}

local function has_all(candidate)
    for _, feature in ipairs(REQUIRED) do
        if candidate.features[feature] ~= "full" then return false end
    end
    return true
end

-- The first of equals, in the policy's order; nil when none will do, which leaves the first.
function cheapest(candidates)
    local best
    for _, candidate in ipairs(candidates) do
        local cost = COST[candidate.name]
        if cost and has_all(candidate) and (not best or cost < COST[best]) then
            best = candidate.name
        end
    end
    return best
end

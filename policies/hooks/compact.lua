-- Makes a prompt shorter: `hooks: {file: hooks/compact.lua, compact: drop_oldest_turns}`.
--
-- First the results of the oldest tools go (their text, not their place), then whole turns, oldest
-- first, until the excess that the error told is gone. A turn begins with a message of the user's
-- own, so what is left begins with one, roles alternate, and every tool_use keeps its tool_result.
-- The last turn stays as it is: it is what the caller asks. Where that does not suffice, the answer
-- is nil: nothing can be dropped.

local DROPPED = "[dropped to make room]"
local SPARE = 1.05 -- bytes are no exact measure of tokens: drop a little more
local UNKNOWN = 0.25 -- of the prompt, where the error does not tell the excess

-- Bytes of text in a message or in any part of it.
local function size(value)
    if type(value) == "string" then return #value end
    if type(value) ~= "table" then return 0 end
    local sum = 0
    for _, part in pairs(value) do sum = sum + size(part) end
    return sum
end

local function has_tool_result(message)
    if type(message.content) ~= "table" then return false end
    for _, block in ipairs(message.content) do
        if block.type == "tool_result" then return true end
    end
    return false
end

-- Where each turn begins.
local function turns_of(messages)
    local begins = {}
    for i, message in ipairs(messages) do
        if message.role == "user" and not has_tool_result(message) then
            table.insert(begins, i)
        end
    end
    return begins
end

-- How many bytes must go, from tokens by what a token takes on average.
local function bytes_to_drop(request, excess, total)
    local share = excess and request.tokens and excess / request.tokens or UNKNOWN
    return math.ceil(total * math.min(1, share * SPARE))
end

-- Empties tool results before the last turn, oldest first; gives the bytes that are gone.
local function empty_tool_results(messages, last_turn, wanted)
    local gone = 0
    for i = 1, last_turn - 1 do
        if gone >= wanted then break end
        if has_tool_result(messages[i]) then
            for _, block in ipairs(messages[i].content) do
                local bytes = size(block.content)
                if block.type == "tool_result" and bytes > #DROPPED and gone < wanted then
                    block.content = DROPPED
                    gone = gone + bytes - #DROPPED
                end
            end
        end
    end
    return gone
end

function drop_oldest_turns(request, excess)
    local messages = request.messages
    local turns = turns_of(messages)
    if #turns == 0 then return nil end
    local wanted = bytes_to_drop(request, excess, size(messages))
    local gone = empty_tool_results(messages, turns[#turns], wanted)
    local turn = 1
    while gone < wanted do
        if turn == #turns then return nil end
        for i = turns[turn], turns[turn + 1] - 1 do gone = gone + size(messages[i]) end
        turn = turn + 1
    end
    local kept = {}
    for i = turn == 1 and 1 or turns[turn], #messages do table.insert(kept, messages[i]) end
    return kept
end

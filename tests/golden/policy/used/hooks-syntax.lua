function classify(event)
    if event.status = 529 then return "overloaded" end
end

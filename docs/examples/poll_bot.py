"""Polls in a room; votes are kept in poll_bot.state. Usage: python poll_bot.py HOST[:PORT]"""

import sys
from collections import Counter

import groupchat.client as gc

bot = gc.Bot("poll", state="poll_bot.state")


@bot.command("poll", usage="QUESTION / ANSWER / ANSWER …")
def poll(call):
    """Ask the room something."""
    question, *answers = [part.strip() for part in call.text.split(" / ")]
    if not call.room or len(answers) < 2:
        return "In a room, ask like this: !poll Lunch? / pizza / pasta"
    bot.memory[call.room] = {"question": question, "answers": answers, "votes": {}}
    choices = [f"{number}. {answer}" for number, answer in enumerate(answers, 1)]
    return "\n".join([question, *choices, "Vote with !vote NUMBER."])


@bot.command("vote", usage="NUMBER")
def vote(call):
    """Vote; who votes again has changed their mind."""
    current = bot.memory.get(call.room)
    if current is None:
        return "There is no poll here. !poll begins one."
    if call.text not in map(str, range(1, len(current["answers"]) + 1)):
        return f"Vote with a number from 1 to {len(current['answers'])}."
    current["votes"][call.nick] = int(call.text)
    return f"{current['answers'][int(call.text) - 1]}: noted."


@bot.command("result")
def result(call):
    """Tell how the votes stand."""
    current = bot.memory.get(call.room)
    if current is None:
        return "There is no poll here. !poll begins one."
    votes = Counter(current["votes"].values())
    lines = [f"{votes[number]} for {answer}" for number, answer in enumerate(current["answers"], 1)]
    return "\n".join([current["question"], *lines])


if __name__ == "__main__":
    bot.run(sys.argv[1])

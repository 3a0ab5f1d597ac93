"""The way in: who somebody is, their nickname, the rooms they come into, and what they are shown first."""

"""Runs a plan: saves once, loads grouped, every core busy, results as they come."""

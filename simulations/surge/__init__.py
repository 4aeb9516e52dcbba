"""Moves patients between provinces so that nobody lacks a bed where one stands free."""

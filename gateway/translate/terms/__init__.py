"""The code systems that the gateway knows: looked up, compared, validated and translated, whoever spells them how."""

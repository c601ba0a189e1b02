// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Bitstream;

/// <summary>What ATSC registers in ITU-T T.35 messages, alike in H.264's SEI and AV1's metadata OBUs: A/53 captions (part 4, 6.2) and active format description.</summary>
public static class AtscUserData
{
    /// <summary>United States.</summary>
    private const int CountryCode = 0xb5;

    /// <summary>Takes a message apart; other registered data is passed over.</summary>
    /// <param name="countryCode">itu_t_t35_country_code.</param>
    /// <param name="payload">What follows it.</param>
    /// <param name="captions">Receives cc_data triplets, or nothing.</param>
    /// <param name="activeFormat">Receives active_format 0..15, or -1.</param>
    /// <returns>False when the message is damaged.</returns>
    public static bool TryParse(int countryCode, ReadOnlySpan<byte> payload, out ReadOnlySpan<byte> captions, out int activeFormat)
    {
        captions = default;
        activeFormat = -1;
        // itu_t_t35_provider_code 0x0031 (ATSC), user_identifier.
        if (countryCode != CountryCode || payload.Length < 6 || payload[0] != 0 || payload[1] != 0x31)
            return true;
        ReadOnlySpan<byte> data = payload[6..];
        if (payload[2..6].SequenceEqual("DTG1"u8))
        {
            // '0', active_format_flag, six reserved bits; four reserved bits, active_format.
            if (data.Length < 1)
                return false;
            if ((data[0] & 0x40) == 0)
                return true;
            if (data.Length < 2)
                return false;
            activeFormat = data[1] & 15;
            return true;
        }
        // user_data_type_code 3: cc_data().
        if (!payload[2..6].SequenceEqual("GA94"u8) || data.Length < 1 || data[0] != 3)
            return true;
        if (data.Length < 3)
            return false;
        // process_cc_data_flag, cc_count, em_data, then triplets.
        if ((data[1] & 0x40) == 0)
            return true;
        int bytes = (data[1] & 31) * 3;
        if (data.Length - 3 < bytes)
            return false;
        captions = data.Slice(3, bytes);
        return true;
    }
}
